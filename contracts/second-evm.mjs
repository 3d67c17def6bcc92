// A local chain on an EVM that shares no code with anvil's: EthereumJS behind JSON-RPC.
//
//   node second-evm.mjs --chain-id 31337 [--port 0]
//
// Prints its port. Every transaction makes a block of its own, one second after the one before;
// `dev_setTime` moves the clock, `dev_setBalance` fills an account. State is in memory and only the
// newest is kept: "latest" and "pending" mean the same, and older blocks have headers and logs.

import {createServer} from "node:http";
import {parseArgs} from "node:util";
import {createBlock, createBlockHeader} from "@ethereumjs/block";
import {createCustomCommon, Hardfork, Mainnet} from "@ethereumjs/common";
import {MerkleStateManager} from "@ethereumjs/statemanager";
import {createFeeMarket1559Tx, createTxFromRLP} from "@ethereumjs/tx";
import {
    Account,
    bytesToBigInt,
    bytesToHex,
    createAddressFromString,
    hexToBytes,
    setLengthLeft,
} from "@ethereumjs/util";
import {createVM, runTx} from "@ethereumjs/vm";

const BLOCK_GAS = 60_000_000n;
const TX_GAS = 1n << 24n; // EIP-7825
const BASE_FEE = 1_000_000_000n;
const REVERTED = 3;

const {values: options} = parseArgs({
    options: {"chain-id": {type: "string", default: "31337"}, port: {type: "string", default: "0"}},
});
const chainId = Number(options["chain-id"]);
const common = createCustomCommon({chainId, name: "second"}, Mainnet, {hardfork: Hardfork.Osaka});
const stateManager = new MerkleStateManager({common});
const vm = await createVM({common, stateManager});

const headers = [headerAfter(undefined, BigInt(Math.floor(Date.now() / 1000)), 0n)];
const receipts = new Map();
const bySenderAndNonce = new Map();
let nextTime = 0n;

class Refused extends Error {
    constructor(code, message, data) {
        super(message);
        Object.assign(this, {code, data});
    }
}

function hex(value) {
    return `0x${BigInt(value).toString(16)}`;
}

function headerAfter(parent, timestamp, gasUsed, stateRoot) {
    return createBlockHeader(
        {
            number: parent ? parent.number + 1n : 0n,
            parentHash: parent?.hash(),
            timestamp,
            gasLimit: BLOCK_GAS,
            gasUsed,
            baseFeePerGas: BASE_FEE,
            stateRoot,
        },
        {common},
    );
}

function head() {
    return headers[headers.length - 1];
}

function timeOfNext() {
    const least = head().timestamp + 1n;
    return nextTime > least ? nextTime : least;
}

function nextBlock() {
    return createBlock({header: headerAfter(head(), timeOfNext(), 0n)}, {common});
}

function checkNewest(tag) {
    if (!["latest", "pending", undefined, hex(head().number)].includes(tag)) {
        throw new Refused(-32000, `only the newest state is kept, not that of ${tag}`);
    }
}

/// Runs a call as the next block would, and forgets it.
async function attempt(request) {
    const from = createAddressFromString(request.from ?? `0x${"00".repeat(20)}`);
    const tx = createFeeMarket1559Tx(
        {
            chainId,
            to: request.to,
            data: request.data,
            value: request.value ?? "0x0",
            gasLimit: TX_GAS,
            maxFeePerGas: BASE_FEE,
        },
        {common, freeze: false},
    );
    tx.getSenderAddress = () => from;
    await vm.stateManager.checkpoint();
    try {
        const result = await runTx(vm, {
            tx,
            block: nextBlock(),
            skipNonce: true,
            skipBalance: true,
            skipHardForkValidation: true,
        });
        const {exceptionError, returnValue} = result.execResult;
        if (exceptionError) {
            const data = bytesToHex(returnValue ?? new Uint8Array());
            throw new Refused(REVERTED, `execution reverted: ${exceptionError.error}`, data);
        }
        return {returned: bytesToHex(returnValue), gas: result.totalGasSpent + result.gasRefund};
    } finally {
        await vm.stateManager.revert();
    }
}

async function include(raw) {
    const tx = createTxFromRLP(hexToBytes(raw), {common});
    const hash = bytesToHex(tx.hash());
    if (receipts.has(hash)) throw new Refused(-32000, "already known");
    const sender = tx.getSenderAddress();
    const {nonce} = (await vm.stateManager.getAccount(sender)) ?? new Account();
    if (tx.nonce < nonce) throw new Refused(-32000, "nonce too low");
    if (tx.nonce > nonce) throw new Refused(-32000, "nonce too high: it would wait for another");
    const block = nextBlock();
    const result = await runTx(vm, {tx, block});
    const root = await vm.stateManager.getStateRoot();
    const header = headerAfter(head(), timeOfNext(), result.totalGasSpent, root);
    headers.push(header);
    const blockHash = bytesToHex(header.hash());
    const place = {
        blockNumber: hex(header.number),
        blockHash,
        transactionHash: hash,
        transactionIndex: "0x0",
    };
    const logs = (result.execResult.logs ?? []).map(([address, topics, data], index) => ({
        ...place,
        address: bytesToHex(address),
        topics: topics.map((topic) => bytesToHex(topic)),
        data: bytesToHex(data),
        logIndex: hex(index),
        removed: false,
    }));
    const receipt = {
        ...place,
        from: sender.toString(),
        to: tx.to?.toString() ?? null,
        status: result.execResult.exceptionError ? "0x0" : "0x1",
        gasUsed: hex(result.totalGasSpent),
        cumulativeGasUsed: hex(result.totalGasSpent),
        contractAddress: result.createdAddress?.toString() ?? null,
        logs,
    };
    receipts.set(hash, receipt);
    bySenderAndNonce.set(`${sender}:${tx.nonce}`, {hash});
    return hash;
}

function matches(log, {address, topics = [], fromBlock = "0x0", toBlock = "latest"}) {
    const number = BigInt(log.blockNumber);
    if (number < BigInt(fromBlock)) return false;
    if (toBlock !== "latest" && number > BigInt(toBlock)) return false;
    const wanted = [address ?? []].flat().map((one) => one.toLowerCase());
    if (wanted.length && !wanted.includes(log.address)) return false;
    return topics.every((topic, i) => topic === null || [topic].flat().includes(log.topics[i]));
}

function readable(header) {
    return {
        number: hex(header.number),
        hash: bytesToHex(header.hash()),
        parentHash: bytesToHex(header.parentHash),
        timestamp: hex(header.timestamp),
        baseFeePerGas: hex(BASE_FEE),
        gasLimit: hex(BLOCK_GAS),
        gasUsed: hex(header.gasUsed),
        stateRoot: bytesToHex(header.stateRoot),
    };
}

async function accountOf(address, tag) {
    checkNewest(tag);
    const found = await vm.stateManager.getAccount(createAddressFromString(address));
    return found ?? new Account();
}

const methods = {
    eth_chainId: () => hex(chainId),
    eth_blockNumber: () => hex(head().number),
    eth_maxPriorityFeePerGas: () => hex(BASE_FEE),
    eth_getTransactionCount: async (address, tag) => hex((await accountOf(address, tag)).nonce),
    eth_getBalance: async (address, tag) => hex((await accountOf(address, tag)).balance),
    eth_getCode: async (address, tag) => {
        checkNewest(tag);
        return bytesToHex(await vm.stateManager.getCode(createAddressFromString(address)));
    },
    eth_getStorageAt: async (address, slot, tag) => {
        checkNewest(tag);
        const key = setLengthLeft(hexToBytes(slot), 32);
        const value = await vm.stateManager.getStorage(createAddressFromString(address), key);
        return bytesToHex(setLengthLeft(value, 32));
    },
    eth_getBlockByNumber: (tag) => {
        const newest = tag === "latest" || tag === "pending";
        const header = newest ? head() : headers[Number(tag)];
        return header ? readable(header) : null;
    },
    eth_call: async (request, tag) => {
        checkNewest(tag);
        return (await attempt(request)).returned;
    },
    eth_estimateGas: async (request, tag) => {
        checkNewest(tag);
        return hex((await attempt(request)).gas);
    },
    eth_sendRawTransaction: include,
    eth_getTransactionReceipt: (hash) => receipts.get(hash) ?? null,
    eth_getTransactionBySenderAndNonce: (sender, nonce) =>
        bySenderAndNonce.get(`${sender}:${BigInt(nonce)}`) ?? null,
    eth_getLogs: (filter) =>
        [...receipts.values()].flatMap(({logs}) => logs.filter((log) => matches(log, filter))),
    web3_clientVersion: () => "SourceEnergy second EVM (EthereumJS)",
    dev_setBalance: async (address, wei) => {
        const at = createAddressFromString(address);
        const account = (await vm.stateManager.getAccount(at)) ?? new Account();
        account.balance = bytesToBigInt(setLengthLeft(hexToBytes(wei), 32));
        await vm.stateManager.putAccount(at, account);
    },
    dev_setTime: (seconds) => {
        nextTime = BigInt(seconds);
    },
};

async function answer({id, method, params = []}) {
    try {
        const found = methods[method];
        if (!found) throw new Refused(-32601, `no method ${method}`);
        return {jsonrpc: "2.0", id, result: (await found(...params)) ?? null};
    } catch (error) {
        const {code = -32000, message, data} = error;
        return {jsonrpc: "2.0", id, error: {code, message, data}};
    }
}

// One request after the other: the state is one.
let turn = Promise.resolve();

const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
        turn = turn.then(async () => {
            const body = JSON.parse(Buffer.concat(parts).toString("utf8"));
            const many = Array.isArray(body);
            const answers = [];
            for (const one of many ? body : [body]) answers.push(await answer(one));
            response.setHeader("content-type", "application/json");
            response.end(JSON.stringify(many ? answers : answers[0]));
        });
    });
});

server.listen(Number(options.port), "127.0.0.1", () => console.log(server.address().port));
process.on("SIGTERM", () => process.exit(0));
process.stdin.on("end", () => process.exit(0)).resume(); // it ends with whoever started it
