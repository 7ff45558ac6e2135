// SPDX-License-Identifier: Apache-2.0
/* The mock server as a program: node mock/main.mjs --dist DIR [--port N] [--life]
 *
 * Prints its address. With --life things happen by themselves, for those who develop the page. */
import { parseArgs } from "node:util";
import { liven } from "./life";
import { startMock } from "./start";

const { values } = parseArgs({
    options: {
        dist: { type: "string" },
        port: { type: "string", default: "0" },
        life: { type: "boolean", default: false },
    },
});
if (!values.dist) throw new Error("usage: node mock/main.mjs --dist DIR [--port N] [--life]");
const mock = await startMock(values.dist, Number(values.port));
if (values.life) liven(mock.node);
console.log(mock.address);
