// SPDX-License-Identifier: Apache-2.0
/* The keyboard alone suffices: nothing here touches the mouse. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, openPage, startTarget, type Target, treeNode } from "./support";

let target: Target;
let browser: Browser;
let page: Page;

before(async () => {
    [target, browser] = await Promise.all([startTarget(), launch()]);
    page = await openPage(browser, target.address, "/system");
    await page.locator(".gauge-name", { hasText: "Scheduler 0" }).waitFor();
});

after(async () => {
    await browser?.close();
    await target?.close();
});

async function press(...keys: string[]): Promise<void> {
    for (const key of keys) await page.keyboard.press(key);
}

/* Goes on with Tab until what has the focus matches. */
async function tabTo(selector: string): Promise<void> {
    for (let i = 0; i < 60; i++) {
        await press("Tab");
        if (await page.evaluate((want) => document.activeElement?.matches(want), selector)) return;
    }
    assert.fail(`Tab does not reach ${selector}`);
}

const PAGES = {
    s: "System",
    c: "Load charts",
    a: "Applications",
    p: "Processes",
    t: "Tables",
    o: "Ports and sockets",
    x: "Crashes",
    h: "History",
    m: "Messages",
    l: "Log",
};

test("g and a letter open each page; the heading has the focus then", async () => {
    for (const [key, title] of Object.entries(PAGES).reverse()) {
        await press("g", key);
        await page.getByRole("heading", { level: 1, name: title }).waitFor();
        const focused = await page.evaluate(() => document.activeElement?.tagName);
        assert.equal(focused, "H1", title);
        assert.equal(await page.title(), `${title} · Observer`);
    }
});

test("Tab reaches the navigation, Enter follows it", async () => {
    await page.reload();
    await tabTo(".skip");
    await tabTo(".nav-link[href='/crashes']");
    await press("Enter");
    await page.getByRole("heading", { level: 1, name: "Crashes" }).waitFor();
});

test("? shows the keys, Escape closes them", async () => {
    await press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
});

async function activeNode(): Promise<string | null> {
    return page.evaluate(() => {
        const id = document.querySelector(".tree")?.getAttribute("aria-activedescendant");
        return id ? document.getElementById(id)!.getAttribute("data-name") : null;
    });
}

test("in the tree: move, fold, unfold, open, kill", async () => {
    await press("g", "a");
    await tabTo(".app-tabs a[href='/applications/kv']");
    await press("Enter");
    await treeNode(page, "KV.Registry").waitFor();
    await tabTo(".tree");
    await press("Home", "ArrowRight");
    assert.equal(await activeNode(), "KV.Supervisor");
    await press("ArrowLeft");
    await treeNode(page, "KV.Registry").waitFor({ state: "detached" });
    const top = treeNode(page, "KV.Supervisor");
    assert.equal(await top.getAttribute("aria-expanded"), "false");
    await press("ArrowRight");
    await treeNode(page, "KV.Registry").waitFor();
    assert.equal(await top.getAttribute("aria-expanded"), "true");
    await press("ArrowRight");
    assert.equal(await activeNode(), "KV.BucketSupervisor");
    await press("End");
    assert.equal(await activeNode(), "KV.Registry");
    await press("Enter");
    await page.getByRole("heading", { level: 1, name: "KV.Registry" }).waitFor();
    await page.goBack();
    await treeNode(page, "KV.Registry").waitFor();
    await tabTo(".tree");
    assert.equal(await activeNode(), "KV.Registry");
    await press("Shift+F10");
    await page.getByRole("menu").waitFor();
    await press("k", "Enter");
    await page.getByRole("dialog").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), "INPUT");
    await press("Enter");
    await page.locator('.node[data-name="KV.Supervisor"][data-restarts="1"]').waitFor();
});

test("Escape leaves menu and dialog with nothing done, the focus returns", async () => {
    await press("Home", "ArrowRight");
    await press("Shift+F10");
    await page.getByRole("menu").waitFor();
    await press("ArrowDown", "ArrowUp", "Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    assert.ok(await page.evaluate(() => document.activeElement?.matches(".tree")));
    await press("Shift+F10", "e", "Enter");
    await page.getByRole("dialog").waitFor();
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(await page.evaluate(() => document.activeElement?.matches(".tree")));
});

test("search in the tree, zoom", async () => {
    await press("/");
    await page.keyboard.type("registry");
    await press("Enter");
    await page.locator(".node.hit.selected", { hasText: "KV.Registry" }).waitFor();
    await press("Escape");
    await page.locator(".node.hit").waitFor({ state: "detached" });
    await tabTo(".tree");
    const zoom = await page.getAttribute(".tree", "data-zoom");
    await press("+");
    assert.ok(Number(await page.getAttribute(".tree", "data-zoom")) > Number(zoom));
    await press("0");
});

test("in a list: filter, sort, move, open, act", async () => {
    await press("g", "p");
    await press("/");
    await page.keyboard.type("KV.");
    await page.waitForURL("**/processes?filter=KV.");
    await tabTo(".rows-sort");
    await press("Enter");
    await page.waitForURL(/sort=pid/);
    await tabTo(".rows-scroller, .rows-sort");
    await page.locator(".rows-scroller").focus();
    await press("Home", "ArrowDown", "Shift+F10");
    await page.getByRole("menu").waitFor();
    await press("Escape", "End", "Enter");
    await page.waitForURL(/processes\/0\.\d+\.0/);
});

test("in the history: the slider, one event back and on", async () => {
    await press("g", "h");
    await page.locator(".moment[data-now=true]").waitFor();
    await tabTo(".timeline-slider");
    await press("Home");
    await page.locator(".moment[data-now=false]").waitFor();
    await page
        .locator(".history")
        .focus()
        .catch(() => undefined);
    await press("End");
    await page.waitForURL(/at=\d+/);
});

test("in the history: what is asked for while it loads is shown once it has loaded", async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/api/history?*", async (route) => {
        await released;
        await route.continue();
    });
    await press("g", "s", "g", "h");
    await page.locator(".moment[data-now=true]").waitFor();
    await tabTo(".timeline-slider");
    await press("Home");
    release();
    await page.locator(".history-events .event").first().waitFor();
    await page.locator(".moment[data-now=false]").waitFor();
    await page.unroute("**/api/history?*");
});
