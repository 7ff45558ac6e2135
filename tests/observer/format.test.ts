// SPDX-License-Identifier: Apache-2.0
/* How figures read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, roundUp } from "../../src/observer/web/data/format";

/* OBS-06: a unit is used from 10 of it on, without a fraction. */
test("bytes", () => {
    assert.equal(bytes(0), "0 B");
    assert.equal(bytes(10 * 1024 - 1), "10239 B");
    assert.equal(bytes(10 * 1024), "10 KiB");
    assert.equal(bytes(10 * 1024 * 1024 - 1024), "10239 KiB");
    assert.equal(bytes(10 * 1024 ** 2), "10 MiB");
    assert.equal(bytes(10 * 1024 ** 3), "10 GiB");
    assert.equal(bytes(null), "–");
});

/* OBS-15: the axis of a chart goes up to a round number, in steps of its unit. */
test("the end of an axis", () => {
    assert.equal(roundUp(0), 1);
    assert.equal(roundUp(1), 1);
    assert.equal(roundUp(1.01), 2);
    assert.equal(roundUp(2.4), 2.5);
    assert.equal(roundUp(260), 500);
    assert.equal(roundUp(500), 500);
    assert.equal(roundUp(501), 1000);
    assert.equal(bytes(roundUp(20 * 1024 ** 2, true)), "32 MiB");
    assert.equal(bytes(roundUp(32 * 1024 ** 2, true)), "32 MiB");
    assert.equal(bytes(roundUp(32 * 1024 ** 2 + 1, true)), "64 MiB");
});
