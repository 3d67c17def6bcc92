"""Simulated devices: each home is a SunSpec map on its own Modbus TCP port, unit 1, read only.

Every request is answered from the home's model at the clock's instant; nothing is stored. A map
holds models 1, 103 (with solar), 203 and 802 (with a battery) and names itself simulated.

Layouts are facts of the SunSpec Alliance's model definitions (``json/model_*.json``, Apache-2.0),
written independently of the driver that reads them, so that the two check each other.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from sourceenergy import __version__
from sourceenergy.clock import Clock
from sourceenergy.errors import Unavailable
from sourceenergy.sim.homes import HomeSpec
from sourceenergy.sim.model import EPOCH_S, HomeModel, HomeState, home_models

BASE = 40_000
UNIT = 1
MANUFACTURER = "SourceEnergy (simulated)"

# name:type in order; u16 and i16 integers, e16 enumeration, sf scale factor, acc accumulator,
# u32 and b32 words of two registers, sN a string of N registers, pad one register.
COMMON = "Mn:s16 Md:s16 Opt:s8 Vr:s8 SN:s16 DA:u16 Pad:pad"
INVERTER = """
A:u16 AphA:u16 AphB:u16 AphC:u16 A_SF:sf PPVphAB:u16 PPVphBC:u16 PPVphCA:u16 PhVphA:u16 PhVphB:u16
PhVphC:u16 V_SF:sf W:i16 W_SF:sf Hz:u16 Hz_SF:sf VA:i16 VA_SF:sf VAr:i16 VAr_SF:sf PF:i16 PF_SF:sf
WH:acc WH_SF:sf DCA:u16 DCA_SF:sf DCV:u16 DCV_SF:sf DCW:i16 DCW_SF:sf TmpCab:i16 TmpSnk:i16
TmpTrns:i16 TmpOt:i16 Tmp_SF:sf St:e16 StVnd:e16 Evt1:b32 Evt2:b32 EvtVnd1:b32 EvtVnd2:b32
EvtVnd3:b32 EvtVnd4:b32"""
METER = """
A:i16 AphA:i16 AphB:i16 AphC:i16 A_SF:sf PhV:i16 PhVphA:i16 PhVphB:i16 PhVphC:i16 PPV:i16
PhVphAB:i16 PhVphBC:i16 PhVphCA:i16 V_SF:sf Hz:i16 Hz_SF:sf W:i16 WphA:i16 WphB:i16 WphC:i16 W_SF:sf
VA:i16 VAphA:i16 VAphB:i16 VAphC:i16 VA_SF:sf VAR:i16 VARphA:i16 VARphB:i16 VARphC:i16 VAR_SF:sf
PF:i16 PFphA:i16 PFphB:i16 PFphC:i16 PF_SF:sf TotWhExp:acc TotWhExpPhA:acc TotWhExpPhB:acc
TotWhExpPhC:acc TotWhImp:acc TotWhImpPhA:acc TotWhImpPhB:acc TotWhImpPhC:acc TotWh_SF:sf
TotVAhExp:acc TotVAhExpPhA:acc TotVAhExpPhB:acc TotVAhExpPhC:acc TotVAhImp:acc TotVAhImpPhA:acc
TotVAhImpPhB:acc TotVAhImpPhC:acc TotVAh_SF:sf TotVArhImpQ1:acc TotVArhImpQ1PhA:acc
TotVArhImpQ1PhB:acc TotVArhImpQ1PhC:acc TotVArhImpQ2:acc TotVArhImpQ2PhA:acc TotVArhImpQ2PhB:acc
TotVArhImpQ2PhC:acc TotVArhExpQ3:acc TotVArhExpQ3PhA:acc TotVArhExpQ3PhB:acc TotVArhExpQ3PhC:acc
TotVArhExpQ4:acc TotVArhExpQ4PhA:acc TotVArhExpQ4PhB:acc TotVArhExpQ4PhC:acc TotVArh_SF:sf
Evt:b32"""
BATTERY = """
AHRtg:u16 WHRtg:u16 WChaRteMax:u16 WDisChaRteMax:u16 DisChaRte:u16 SoCMax:u16 SoCMin:u16
SocRsvMax:u16 SoCRsvMin:u16 SoC:u16 DoD:u16 SoH:u16 NCyc:u32 ChaSt:e16 LocRemCtl:e16 Hb:u16
CtrlHb:u16 AlmRst:u16 Typ:e16 State:e16 StateVnd:e16 WarrDt:u32 Evt1:b32 Evt2:b32 EvtVnd1:b32
EvtVnd2:b32 V:u16 VMax:u16 VMin:u16 CellVMax:u16 CellVMaxStr:u16 CellVMaxMod:u16 CellVMin:u16
CellVMinStr:u16 CellVMinMod:u16 CellVAvg:u16 A:i16 AChaMax:u16 ADisChaMax:u16 W:i16 ReqInvState:e16
ReqW:i16 SetOp:e16 SetInvState:e16 AHRtg_SF:sf WHRtg_SF:sf WChaDisChaMax_SF:sf DisChaRte_SF:sf
SoC_SF:sf DoD_SF:sf SoH_SF:sf V_SF:sf CellV_SF:sf A_SF:sf AMax_SF:sf W_SF:sf"""

# struct format and "not implemented" of each type
TYPES = {
    "u16": ("H", 0xFFFF),
    "i16": ("h", -0x8000),
    "e16": ("H", 0xFFFF),
    "sf": ("h", -0x8000),
    "acc": ("I", 0),
    "u32": ("I", 0xFFFFFFFF),
    "b32": ("I", 0xFFFFFFFF),
    "pad": ("H", 0x8000),
}
Values = dict[str, int | str]

PHASE_V, BATTERY_V = 120, 51  # nominal, for currents
MPPT, HOLDING, DISCHARGING, CHARGING, EMPTY, FULL = 4, 6, 3, 4, 2, 5
LITHIUM_ION, CONNECTED = 4, 3


class _Model:
    """One SunSpec model: turns values by name into registers; what has no value is not there."""

    def __init__(self, number: int, layout: str) -> None:
        self.points = [tuple(point.split(":")) for point in layout.split()]
        formats = [TYPES[k][0] if k in TYPES else f"{2 * int(k[1:])}s" for _, k in self.points]
        self._struct = struct.Struct(">HH" + "".join(formats))
        self._header = (number, self._struct.size // 2 - 2)
        self._absent = {name: TYPES[k][1] if k in TYPES else "" for name, k in self.points}

    def registers(self, values: Values) -> list[int]:
        """ID, length and the model's registers."""
        filled = {**self._absent, **values}
        data = self._struct.pack(
            *self._header, *(v.encode() if isinstance(v, str) else v for v in filled.values())
        )
        return list(struct.unpack(f">{len(data) // 2}H", data))


MODELS = {
    number: _Model(number, layout)
    for number, layout in ((1, COMMON), (103, INVERTER), (203, METER), (802, BATTERY))
}


def registers(spec: HomeSpec, state: HomeState) -> list[int]:
    """A home's whole SunSpec map at an instant, from address 40000."""
    words = [0x5375, 0x6E53]
    words += MODELS[1].registers(
        {
            "Mn": MANUFACTURER,
            "Md": "Simulated home",
            "Opt": "simulated",
            "Vr": __version__,
            "SN": f"SIM-{spec.id}",
        }
    )
    if spec.solar_w:
        words += MODELS[103].registers(_inverter(state))
    words += MODELS[203].registers(_meter(state))
    if state.soc_permille is not None:
        words += MODELS[802].registers(_battery(spec, state, state.soc_permille))
    return [*words, 0xFFFF, 0]


def _inverter(state: HomeState) -> Values:
    scales: Values = {
        "A_SF": -1,
        "V_SF": -1,
        "W_SF": 0,
        "Hz_SF": -2,
        "WH_SF": 0,
        "DCW_SF": 0,
        "Tmp_SF": -1,
    }
    energy: Values = {"WH": state.produced_wh, "Evt1": 0, "Evt2": 0}
    if not state.produced_w:
        # Asleep: as real inverters do at night, only the energy register stays.
        return scales | energy
    amps = state.produced_w * 10 // (3 * PHASE_V)
    return (
        scales
        | energy
        | {
            "A": 3 * amps,
            **dict.fromkeys(("AphA", "AphB", "AphC"), amps),
            **dict.fromkeys(("PhVphA", "PhVphB", "PhVphC"), PHASE_V * 10),
            "W": state.produced_w,
            "Hz": 6000,
            "DCW": state.produced_w * 100 // 96,
            "TmpCab": 250 + state.produced_w // 40,
            "St": MPPT,
        }
    )


def _meter(state: HomeState) -> Values:
    watts = state.imported_w - state.exported_w
    amps = watts * 10 // (3 * PHASE_V)
    return {
        "A": 3 * amps,
        **dict.fromkeys(("AphA", "AphB", "AphC"), amps),
        "A_SF": -1,
        **dict.fromkeys(("PhV", "PhVphA", "PhVphB", "PhVphC"), PHASE_V * 10),
        "V_SF": -1,
        "Hz": 6000,
        "Hz_SF": -2,
        "W": watts,
        "W_SF": 0,
        "TotWhExp": state.exported_wh,
        "TotWhImp": state.imported_wh,
        "TotWh_SF": 0,
        "Evt": 0,
    }


def _battery(spec: HomeSpec, state: HomeState, soc_permille: int) -> Values:
    watts = state.discharge_w - state.charge_w
    if watts:
        status = DISCHARGING if watts > 0 else CHARGING
    else:
        status = {0: EMPTY, 1000: FULL}.get(soc_permille, HOLDING)
    return {
        "AHRtg": spec.battery_wh // BATTERY_V,
        "AHRtg_SF": 0,
        "WHRtg": spec.battery_wh,
        "WHRtg_SF": 0,
        "WChaRteMax": spec.battery_w,
        "WDisChaRteMax": spec.battery_w,
        "WChaDisChaMax_SF": 0,
        "SoC": soc_permille,
        "SoC_SF": -1,
        "ChaSt": status,
        "LocRemCtl": 1,
        "AlmRst": 0,
        "Typ": LITHIUM_ION,
        "State": CONNECTED,
        **dict.fromkeys(("Evt1", "Evt2", "EvtVnd1", "EvtVnd2"), 0),
        "V": BATTERY_V * 10,
        "V_SF": -1,
        "CellV_SF": -3,
        "A": watts * 10 // BATTERY_V,
        "A_SF": -1,
        "AMax_SF": 0,
        "W": watts,
        "W_SF": 0,
        "SetOp": 1,
        "SetInvState": 3,
    }


@asynccontextmanager
async def serve_homes(
    specs: Sequence[HomeSpec],
    clock: Clock,
    base_port: int,
    host: str = "127.0.0.1",
    *,
    seed: int,
    start_s: int = EPOCH_S,
) -> AsyncIterator[dict[str, int]]:
    """Serve ``specs[i]`` at ``base_port + i`` while the context is open; gives ports by home id.

    ``start_s`` is where the registers begin and must not lie after the clock's time. Errors:
    ``InputError`` before the start, ``Unavailable`` where a port is taken.
    """
    models = home_models(specs, seed, start_s)
    for model in models:  # catch up before anyone waits for an answer
        model.state(clock.now_ms())
    async with AsyncExitStack() as servers:
        ports = {}
        for port, model in enumerate(models, base_port):
            server = ModbusTcpServer(_device(model, clock), address=(host, port))
            servers.push_async_callback(server.shutdown)
            try:
                await server.serve_forever(background=True)
            except RuntimeError as error:
                raise Unavailable(
                    "a simulated device cannot listen",
                    rule="sim.port",
                    field="port",
                    value=port,
                    remedy=f"free the {len(models)} ports from {base_port} or choose others",
                ) from error
            ports[model.spec.id] = port
        yield ports


def _device(model: HomeModel, clock: Clock) -> SimDevice:
    first = registers(model.spec, model.state(clock.now_ms()))
    data = SimData(BASE, values=list(first), datatype=DataType.REGISTERS, readonly=True)
    return SimDevice(UNIT, [data], action=partial(_refresh, model, clock))


async def _refresh(
    model: HomeModel,
    clock: Clock,
    _function: int,
    _start: int,
    _address: int,
    _count: int,
    current: list[int],
    _values: list[int] | list[bool] | None,
) -> ExcCodes | None:
    """Fill the map as of now; pymodbus asks before it answers each request."""
    now = registers(model.spec, model.state(clock.now_ms()))
    current[: len(now)] = now
    return None
