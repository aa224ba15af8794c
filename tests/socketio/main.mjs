// Runs the tests one after the other, each with a server and clients of its own.
//
// The last line of the output is `N passed, N failed`; the exit code is 1 when one failed or none ran.

import { createRequire } from "node:module";
import { Bench, Server, within } from "./harness.mjs";
import connection from "./connection.mjs";
import leaving from "./leaving.mjs";
import messages from "./messages.mjs";
import strangers from "./strangers.mjs";
import transports from "./transports.mjs";

const TEST_LIMIT = 120_000; // ms; only a client that hangs comes near it

const words = process.argv.slice(2);
const tests = Object.entries({ ...transports, ...messages, ...connection, ...leaving, ...strangers })
  .filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));

async function run(test) {
  const bench = new Bench(await Server.start());
  try {
    await within(test(bench), "the end of the test", TEST_LIMIT);
  } finally {
    await bench.end();
  }
}

const { version } = createRequire(import.meta.url)("socket.io-client/package.json");
console.log(`socket.io-client ${version}, Node ${process.version}, ${Server.what}`);
let failed = 0;
for (const [name, test] of tests) {
  try {
    await run(test);
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack.replace(/^/gm, "      ")}`);
  }
}

console.log(`${tests.length - failed} passed, ${failed} failed`);
// Not only an exit code: a client that a failed test left behind would keep the process alive.
process.exit(failed > 0 || tests.length === 0 ? 1 : 0);
