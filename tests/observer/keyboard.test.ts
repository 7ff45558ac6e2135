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

/* Goes on with Tab until what has the focus matches, once there is such. */
async function tabTo(selector: string): Promise<void> {
    await page.locator(selector).first().waitFor({ state: "attached" });
    for (let i = 0; i < 60; i++) {
        await press("Tab");
        if (await page.evaluate((want) => document.activeElement?.matches(want), selector)) return;
    }
    assert.fail(`Tab does not reach ${selector}`);
}

/* What happens by a key is there at once, but not always before the key's promise resolves. */
async function hasFocus(selector: string): Promise<void> {
    await page.waitForFunction((want) => document.activeElement?.matches(want), selector);
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
        await hasFocus("h1");
        await page.waitForFunction((want) => document.title === want, `${title} · Observer`);
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

async function isActive(name: string): Promise<void> {
    await page.waitForFunction((want) => {
        const id = document.querySelector(".tree")?.getAttribute("aria-activedescendant");
        return id && document.getElementById(id)?.getAttribute("data-name") === want;
    }, name);
}

/* The context menu of what is chosen; its first entry has the focus. */
async function openMenu(): Promise<void> {
    await press("Shift+F10");
    await page.getByRole("menu").waitFor();
    await hasFocus(".menu-item");
}

test("in the tree: move, fold, unfold, open, kill", async () => {
    await press("g", "a");
    await tabTo(".app-tabs a[href='/applications/kv']");
    await press("Enter");
    await treeNode(page, "KV.Registry").waitFor();
    await tabTo(".tree");
    await press("Home", "ArrowRight");
    await isActive("KV.Supervisor");
    await press("ArrowLeft");
    await treeNode(page, "KV.Registry").waitFor({ state: "detached" });
    const top = '.node[data-name="KV.Supervisor"]';
    await page.locator(`${top}[aria-expanded=false]`).waitFor();
    await press("ArrowRight");
    await treeNode(page, "KV.Registry").waitFor();
    await page.locator(`${top}[aria-expanded=true]`).waitFor();
    await press("ArrowRight");
    await isActive("KV.BucketSupervisor");
    await press("End");
    await isActive("KV.Registry");
    await press("Enter");
    await page.getByRole("heading", { level: 1, name: "KV.Registry" }).waitFor();
    await page.goBack();
    await treeNode(page, "KV.Registry").waitFor();
    await tabTo(".tree");
    await isActive("KV.Registry");
    await openMenu();
    await press("k", "Enter");
    await page.getByRole("dialog").waitFor();
    await hasFocus("dialog input");
    await press("Enter");
    await page.locator('.node[data-name="KV.Supervisor"][data-restarts="1"]').waitFor();
});

test("Escape leaves menu and dialog with nothing done, the focus returns", async () => {
    await press("Home", "ArrowRight");
    await openMenu();
    await press("ArrowDown", "ArrowUp", "Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    await hasFocus(".tree");
    await openMenu();
    await press("e", "Enter");
    await page.getByRole("dialog").waitFor();
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await hasFocus(".tree");
});

test("search in the tree, zoom", async () => {
    await press("/");
    await hasFocus("input[type=search]");
    await page.keyboard.type("registry");
    await press("Enter");
    await page.locator(".node.hit.selected", { hasText: "KV.Registry" }).waitFor();
    await press("Escape");
    await page.locator(".node.hit").waitFor({ state: "detached" });
    await tabTo(".tree");
    const zoom = await page.getAttribute(".tree", "data-zoom");
    await press("+");
    await page.waitForFunction(
        (old) => Number(document.querySelector<HTMLElement>(".tree")?.dataset["zoom"]) > old,
        Number(zoom),
    );
    await press("0");
});

test("in a list: filter, sort, move, open, act", async () => {
    await press("g", "p");
    await page.getByRole("heading", { level: 1, name: "Processes" }).waitFor();
    await press("/");
    await hasFocus("input[type=search]");
    await page.keyboard.type("KV.");
    await page.waitForURL("**/processes?filter=KV.");
    await tabTo(".rows-sort");
    await press("Enter");
    await page.waitForURL(/sort=pid/);
    await page.locator(".page-aside", { hasText: / of / }).waitFor();
    await page.locator(".row:not([hidden])", { hasText: "KV." }).first().waitFor();
    await page.locator(".rows-scroller").focus();
    await press("Home", "ArrowDown");
    await page.locator(".row.active:not([hidden])", { hasText: /0\.\d+\.0/ }).waitFor();
    await openMenu();
    await press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    await press("End");
    await page.locator(".row.active:not([hidden])", { hasText: /0\.\d+\.0/ }).waitFor();
    await press("Enter");
    await page.waitForURL(/processes\/0\.\d+\.0/);
});

test("in the history: the slider, one event back and on", async () => {
    await press("g", "h");
    await page.locator(".moment[data-now=true]").waitFor();
    await tabTo(".timeline-slider");
    await press("Home");
    await page.locator(".moment[data-now=false]").waitFor();
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
