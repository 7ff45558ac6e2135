// SPDX-License-Identifier: Apache-2.0
/* How figures read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "../../src/observer/web/data/format";

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
