// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title DynamicPrice: what a kWh is worth in the next interval
/// @notice The published formula, in whole numbers, so that anyone can recompute any price:
///
///   scarce = grid + |grid| · demandWeight · (demand − normal) / normal
///   blend  = scarce · (1 − tradedWeight) + traded · tradedWeight
///   price  = blend, within floor and cap, at most one step from the price before
///
/// `blend` is one division, rounded down (towards minus infinity). Where too few trade for the
/// marketplace's average to count, `tradedWeight` is zero. The average itself counts no lower than
/// the floor and no higher than the cap.
///
/// Prices are micro-dollars per kWh [ud/kWh], power watts [W], weights parts per million [ppm].
/// `sourceenergy.market.dynamic_price` is the same in Python; both read
/// `test/vectors/dynamic_price.json`.
/// @dev Assumes inputs inside the limits `Tariff` checks; then nothing overflows.
library DynamicPrice {
    /// @notice What was observed.
    struct Inputs {
        int64 gridUdPerKwh; // zonal price; may be negative
        uint64 demandW; // of the grid
        uint64 tradedUdPerKwh; // time-weighted average at the marketplace; zero: does not count
    }

    /// @notice What governance decides.
    struct Policy {
        uint64 normalW; // demand at which nothing is added
        uint64 floorUdPerKwh; // above zero
        uint64 capUdPerKwh;
        uint64 stepUdPerKwh; // most a price moves from one interval to the next
        uint32 demandWeightPpm;
        uint32 tradedWeightPpm;
        uint32 freshFor; // inputs are fresh [s]
        uint32 heldFor; // the last good price is held [s], then the tariff is approached
        uint64 gridDeviationUdPerKwh; // most an input moves in an interval
        uint64 demandDeviationW;
        uint64 tariffDeviationUdPerKwh;
    }

    /// @notice The inputs are old: the last good price is held.
    uint16 internal constant STALE = 1;
    /// @notice The inputs are too old: the price walks to the tariff.
    uint16 internal constant FALLBACK = 2;
    /// @notice The marketplace's average did not count.
    uint16 internal constant UNTRADED = 4;
    /// @notice The floor held the price.
    uint16 internal constant FLOORED = 8;
    /// @notice The cap held the price.
    uint16 internal constant CAPPED = 16;
    /// @notice The step limit held the price.
    uint16 internal constant STEPPED = 32;

    uint256 internal constant PPM = 1_000_000;

    /// @notice The price after `beforeUdPerKwh`, and what held it.
    function price(Inputs memory inputs, Policy memory policy, uint64 beforeUdPerKwh)
        internal
        pure
        returns (uint64 priceUdPerKwh, uint16 flags)
    {
        if (inputs.tradedUdPerKwh == 0) flags |= UNTRADED;
        int256 blended = blendDown(inputs, policy);
        if (blended < int256(uint256(policy.floorUdPerKwh))) {
            priceUdPerKwh = policy.floorUdPerKwh;
            flags |= FLOORED;
        } else if (blended > int256(uint256(policy.capUdPerKwh))) {
            priceUdPerKwh = policy.capUdPerKwh;
            flags |= CAPPED;
        } else {
            priceUdPerKwh = uint64(uint256(blended));
        }
        uint64 stepped = toward(beforeUdPerKwh, priceUdPerKwh, policy.stepUdPerKwh);
        if (stepped != priceUdPerKwh) flags |= STEPPED;
        // Inside already, unless floor or cap have moved past the price before.
        priceUdPerKwh = within(stepped, policy.floorUdPerKwh, policy.capUdPerKwh);
    }

    /// @notice The price before floor, cap and step, rounded down.
    function blendDown(Inputs memory inputs, Policy memory policy) internal pure returns (int256) {
        int256 ppm = int256(PPM);
        int256 grid = inputs.gridUdPerKwh;
        int256 normal = int256(uint256(policy.normalW));
        int256 demandWeight = int256(uint256(policy.demandWeightPpm));
        int256 tradedWeight = 0;
        int256 traded = 0;
        if (inputs.tradedUdPerKwh != 0) {
            tradedWeight = int256(uint256(policy.tradedWeightPpm));
            traded = int256(
                uint256(within(inputs.tradedUdPerKwh, policy.floorUdPerKwh, policy.capUdPerKwh))
            );
        }
        int256 excess = int256(uint256(inputs.demandW)) - normal;
        int256 scarce = grid * normal * ppm + (grid < 0 ? -grid : grid) * demandWeight * excess;
        int256 blended = scarce * (ppm - tradedWeight) + traded * tradedWeight * normal * ppm;
        return _divideDown(blended, normal * ppm * ppm);
    }

    /// @notice The price after `steps` intervals without inputs, on the way to the tariff.
    function fallbackPrice(
        uint64 lastUdPerKwh,
        uint64 tariffUdPerKwh,
        Policy memory policy,
        uint256 steps
    ) internal pure returns (uint64) {
        uint64 target = within(tariffUdPerKwh, policy.floorUdPerKwh, policy.capUdPerKwh);
        return toward(lastUdPerKwh, target, steps * policy.stepUdPerKwh);
    }

    /// @notice `from`, moved to `to` by at most `most`.
    function toward(uint64 from, uint64 to, uint256 most) internal pure returns (uint64) {
        if (to > from) return to - from > most ? uint64(from + most) : to;
        return from - to > most ? uint64(from - most) : to;
    }

    /// @notice `value` within `low` and `high`.
    function within(uint64 value, uint64 low, uint64 high) internal pure returns (uint64) {
        return value < low ? low : value > high ? high : value;
    }

    function _divideDown(int256 value, int256 divisor) private pure returns (int256 quotient) {
        quotient = value / divisor;
        if (value < 0 && quotient * divisor != value) --quotient;
    }
}
