#!/usr/bin/env node
// The wasm compiler of npm's `solc`, behaving as the native command does, for every tool that
// calls one: `solc.mjs --version` and `solc.mjs --standard-json < input.json`. The input carries
// every source; other options of the native command are accepted and change nothing.

import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** All of standard input; a pipe that is not ready yet answers EAGAIN, which is no error. */
function readAll() {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      return readFileSync(0, "utf8");
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(wait, 0, 0, 5);
    }
  }
}

/** Writes all of `text` to standard output, however small the pipe. */
function writeAll(text) {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  const bytes = Buffer.from(text, "utf8");
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(wait, 0, 0, 5);
    }
  }
}

/** Built-in declarations have negative ids, which wasm prints as unsigned 32-bit numbers. */
function withSignedIds(text) {
  return text.replace(
    /("(?:referencedDeclaration|id|scope|functionReturnParameters)":|[[,])(4294\d{6})(?=[,}\]])/g,
    (_, before, id) => before + (Number(id) - 2 ** 32),
  );
}

const args = process.argv.slice(2);
if (args.includes("--version")) {
  const version = require("solc").version();
  writeAll(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (args.includes("--standard-json")) {
  writeAll(withSignedIds(require("solc").compile(readAll())));
} else {
  process.stderr.write("usage: solc.mjs --version | --standard-json < input.json\n");
  process.exitCode = 2;
}
