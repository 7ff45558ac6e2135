// SPDX-License-Identifier: Apache-2.0
/* Names, labels, messages and reasons are data: whatever they contain is shown as text. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, openPage, real, startTarget, type Target } from "./support";

/* Would set a mark on the window in an innerHTML, and leave an image in any markup. */
const EVIL = "<img src=x onerror=window.evil=1><b>bold</b>";

let target: Target;
let browser: Browser;

before(async () => {
    [target, browser] = await Promise.all([startTarget(), launch()]);
});

after(async () => {
    await browser?.close();
    await target?.close();
});

/* The text is there to be read, and nothing came of it. */
async function isText(page: Page, where: string): Promise<void> {
    await page.locator(where, { hasText: EVIL }).first().waitFor();
    const harm = await page.evaluate(
        () => document.querySelectorAll("img, b b").length + Number("evil" in window),
    );
    assert.equal(harm, 0, where);
}

test("a bucket's name is text in state and table", async () => {
    await target.type(`KV.Registry.create(KV.Registry, "${EVIL}")`);
    const page = await openPage(browser, target.address, "/tables/KV.Registry");
    await isText(page, ".row");
    await page.locator(".row", { hasText: EVIL }).dblclick();
    await isText(page, "dialog .term");
    await page.close();
});

if (!real) {
    test("a process's name and label are text on every page that shows them", async () => {
        const { pid } = await target.mock("spawn", { under: "KV.BucketSupervisor", name: EVIL });
        await target.mock("spawn", { under: "KV.BucketSupervisor", label: `label ${EVIL}` });
        const page = await openPage(browser, target.address, "/applications/kv");
        await isText(page, ".node-title");
        await page.locator(".node", { hasText: EVIL }).first().click({ button: "right" });
        await isText(page, ".menu-title");
        await page.getByRole("menuitem", { name: "Kill" }).click();
        await isText(page, "dialog h2");
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
        for (const [url, where] of [
            [`/processes/${pid}`, "h1"],
            ["/processes?sort=name", ".row .cell"],
            ["/history", ".event b"],
            [`/messages?pids=${pid}`, ".sequence-title"],
        ] as const) {
            await page.goto(url);
            await isText(page, where);
        }
        await page.close();
    });

    test("a reason, a message and a log text are text", async () => {
        const { pid } = await target.mock("spawn", { under: "KV.BucketSupervisor", name: "guest" });
        const page = await openPage(browser, target.address, `/messages?pids=${pid}`);
        await page.locator(".sequence-title", { hasText: "guest" }).waitFor();
        await target.mock("message", { to: pid, text: `"${EVIL}"` });
        await isText(page, ".sequence-label");
        await target.mock("log", { level: "warning", text: EVIL });
        await page.goto("/log");
        await isText(page, ".log-text");
        await page.goto(`/processes/${pid}`);
        await page.getByRole("button", { name: "Actions" }).click();
        await page.getByRole("menuitem", { name: "Kill" }).click();
        await page.getByRole("dialog").waitFor();
        await page.getByLabel("Reason").fill(`"${EVIL}"`);
        await page.keyboard.press("Enter");
        await isText(page, ".toast");
        await isText(page, ".dead");
        await page.getByRole("link", { name: "its crash" }).click();
        await isText(page, ".crash-words");
        await page.goto("/crashes");
        await isText(page, ".row");
        await page.close();
    });

    test("what the node refuses is said, and the page goes on", async () => {
        const page = await openPage(browser, target.address, "/applications/kv");
        await page.locator('.node[data-name="KV.Registry"]').click({ button: "right" });
        await page.getByRole("menuitem", { name: "Exit with a reason" }).click();
        await page.getByRole("dialog").waitFor();
        await page.getByLabel("Reason").fill("{:a, {");
        await page.keyboard.press("Enter");
        await page.locator(".toast.bad", { hasText: "syntax error" }).waitFor();
        await page.locator('.node[data-name="KV.Registry"]:not(.ended)').waitFor();
        await page.close();
    });
}
