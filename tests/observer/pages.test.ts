// SPDX-License-Identifier: Apache-2.0
/* Every page is opened and used, in light and dark; axe finds no serious fault on any; the pictures
 * are kept to be looked at. A page is a URL: reload and back lead to the same. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { launch, openPage, real, screenshot, startTarget, type Target, treeNode } from "./support";

let target: Target;
let browser: Browser;

before(async () => {
    [target, browser] = await Promise.all([startTarget(), launch()]);
    await target.type('KV.Registry.create(KV.Registry, "shopping")');
    await target.type('Logger.error("words for the log")');
});

after(async () => {
    await browser?.close();
    await target?.close();
});

async function pidOfName(name: string): Promise<string> {
    const answer = await fetch(`${target.address}/api/processes?filter=${name}&limit=1000`);
    const { processes } = (await answer.json()) as { processes: { pid: string; name: string }[] };
    const found = processes.find((one) => one.name === name);
    assert.ok(found, name);
    return found.pid;
}

/* The faults that axe calls serious or critical. */
async function faultsOf(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const result = await page.evaluate(async () => {
        const run = (window as unknown as { axe: typeof axe }).axe;
        return run.run(document, { resultTypes: ["violations"] });
    });
    return result.violations
        .filter((fault) => fault.impact === "serious" || fault.impact === "critical")
        .flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.html}`));
}

interface Sight {
    name: string;
    url: () => string | Promise<string>;
    /* What must be there before the page counts as shown. */
    shown: (page: Page) => Promise<void>;
}

const has = (selector: string, text?: string | RegExp): Sight["shown"] => {
    return (page) =>
        page
            .locator(selector, text === undefined ? {} : { hasText: text })
            .first()
            .waitFor();
};

const SIGHTS: readonly Sight[] = [
    { name: "system", url: () => "/system", shown: has(".gauge-name", "Scheduler 0") },
    { name: "load", url: () => "/load", shown: has(".u-legend .u-value", "%") },
    {
        name: "applications",
        url: () => "/applications/kv",
        shown: async (page) => treeNode(page, "KV.Registry").waitFor(),
    },
    { name: "processes", url: () => "/processes?filter=KV", shown: has(".row", "KV.Registry") },
    {
        name: "process",
        url: async () => `/processes/${await pidOfName("KV.Registry")}`,
        shown: has("[data-part=state] pre"),
    },
    { name: "tables", url: () => "/tables", shown: has(".row", "KV.Registry") },
    { name: "table", url: () => "/tables/KV.Registry", shown: has(".row", "shopping") },
    { name: "ports", url: () => "/ports", shown: has(".rows-head", "Owner") },
    { name: "crashes", url: () => "/crashes", shown: has(".row", "killed") },
    { name: "crash", url: () => "/crashes/1", shown: has(".tree-frame .node") },
    { name: "history", url: () => "/history", shown: has(".event.here") },
    {
        name: "messages",
        url: async () => `/messages?pids=${await pidOfName("KV.Registry")}`,
        shown: has(".sequence-title", "KV.Registry"),
    },
    { name: "waits", url: () => "/messages?view=waits", shown: has(".waits", /call/) },
    { name: "log", url: () => "/log", shown: has(".log-event", "words for the log") },
];

/* Something for the crash page, as the tests run against a fresh node. */
test("a server is killed so that there is a crash to look at", async () => {
    const page = await openPage(browser, target.address, "/applications/kv");
    await treeNode(page, "KV.Registry").click();
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Kill" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await page.locator('.node[data-name="KV.Supervisor"][data-restarts="1"]').waitFor();
    await target.type('KV.Registry.create(KV.Registry, "shopping")');
    await page.close();
});

for (const sight of SIGHTS) {
    test(`${sight.name}: shown in light and dark, without a serious fault`, async () => {
        const page = await openPage(browser, target.address, await sight.url());
        await sight.shown(page);
        for (const theme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
            await page.locator(`html[data-theme=${theme}]`).waitFor();
            await screenshot(page, `${sight.name}-${theme}`);
            assert.deepEqual(await faultsOf(page), [], theme);
        }
        await page.close();
    });
}

test("menu and dialog are without a serious fault", async () => {
    const page = await openPage(browser, target.address, "/applications/kv");
    await treeNode(page, "KV.Registry").click({ button: "right" });
    await page.getByRole("menu").waitFor();
    await screenshot(page, "menu-light");
    assert.deepEqual(await faultsOf(page), []);
    await page.getByRole("menuitem", { name: "Send a message" }).click();
    await page.getByRole("dialog").waitFor();
    await screenshot(page, "dialog-light");
    assert.deepEqual(await faultsOf(page), []);
    await page.close();
});

test("reload, back and a shared link lead to the same picture", async () => {
    const page = await openPage(browser, target.address, "/processes");
    await page.getByRole("searchbox").fill("kv.reg");
    await page.waitForURL("**/processes?filter=kv.reg");
    await page.getByRole("columnheader", { name: "Memory" }).getByRole("button").click();
    await page.waitForURL(/sort=memory/);
    const shared = page.url();
    const only = page.locator(".row:not([hidden])");
    await page.waitForFunction(() => document.querySelectorAll(".row:not([hidden])").length === 1);
    await only.dblclick();
    await page.getByRole("heading", { name: "KV.Registry" }).waitFor();
    await page.goBack();
    await page.reload();
    assert.equal(page.url(), shared);
    await page.waitForFunction(() => document.querySelectorAll(".row:not([hidden])").length === 1);
    assert.equal(await page.getByRole("searchbox").inputValue(), "kv.reg");
    await page.locator("[aria-sort=descending]", { hasText: "Memory" }).waitFor();
    const other = await openPage(browser, target.address, shared.slice(target.address.length));
    await other.locator(".row", { hasText: "KV.Registry" }).waitFor();
    await other.close();
    await page.close();
});

/* OBS-02: only the page that is shown asks. */
test("a page that was left asks for nothing more", async () => {
    const page = await openPage(browser, target.address, "/processes");
    await page.locator(".row").first().waitFor();
    await page.getByRole("link", { name: "System" }).click();
    const time = page.locator(".fact", { hasText: "Its time" }).locator("dd");
    await time.waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    /* The list was asked for each second; so long as this page tells three. */
    for (let second = 0; second < 3; second++) {
        const before = await time.textContent();
        await page.waitForFunction(
            (was) => [...document.querySelectorAll(".fact dd")].at(-1)?.textContent !== was,
            before,
        );
    }
    assert.deepEqual(asked, []);
    await page.close();
});

/* A list may be wider than the page; what it is read for may not stand out of sight. */
test("a narrow page shows what each list is read for", async () => {
    const page = await openPage(browser, target.address);
    await page.setViewportSize({ width: 800, height: 800 });
    for (const [url, column] of [
        ["/processes", "Memory"],
        ["/tables", "Protection"],
        ["/ports", "Owner"],
        ["/crashes", "Reason"],
    ] as const) {
        await page.goto(url);
        const box = await page.getByRole("columnheader", { name: column }).boundingBox();
        assert.ok(box && box.x + box.width <= 800, `${url}: ${column}`);
    }
    await page.close();
});

/* Too small to read is no picture: rather it is moved. */
test("a tree is not made too small to read by itself", async () => {
    const page = await openPage(browser, target.address);
    await page.setViewportSize({ width: 500, height: 800 });
    await page.goto("/applications/kv");
    await treeNode(page, "KV.Supervisor").waitFor();
    const zoom = Number(await page.locator(".tree").getAttribute("data-zoom"));
    assert.ok(zoom >= 0.8 && zoom < 1, String(zoom));
    await page.close();
});

test("the tree is folded and unfolded at once", async () => {
    const page = await openPage(browser, target.address, "/applications/kv");
    const fold = page.getByRole("button", { name: "Fold or unfold all" });
    await treeNode(page, "KV.Registry").waitFor();
    await fold.click();
    await treeNode(page, "KV.Registry").waitFor({ state: "detached" });
    await treeNode(page, "KV.Supervisor").waitFor();
    await fold.click();
    await treeNode(page, "KV.Registry").waitFor();
    await page.close();
});

test("a figure without a limit has no bar", async () => {
    const page = await openPage(browser, target.address, "/system");
    const gauge = (name: string): ReturnType<Page["locator"]> =>
        page.locator(".gauge", { has: page.getByText(name, { exact: true }) });
    await gauge("Rows in tables").waitFor();
    assert.equal(await gauge("Rows in tables").getByRole("meter").count(), 0);
    assert.equal(await gauge("Scheduler 0").getByRole("meter").count(), 1);
    await page.close();
});

/* OBS-23: a click on a head sorts, again reverses. OBS-05: columns are chosen and kept. */
test("processes: columns are sorted and chosen", async () => {
    const page = await openPage(browser, target.address, "/processes?filter=KV.");
    await page.locator(".row", { hasText: "KV.Registry" }).first().waitFor();
    await page.getByRole("button", { name: "Name or initial call" }).click();
    await page.waitForURL(/sort=name/);
    await page.getByRole("button", { name: "Name or initial call" }).click();
    await page.waitForURL(/order=asc/);
    await page.waitForFunction(() => {
        const cells = [...document.querySelectorAll(".row:not([hidden]) .cell:nth-child(2)")];
        const texts = cells
            .map((cell) => cell.textContent ?? "")
            .filter((t) => t.startsWith("KV."));
        const named = texts.filter((text) => !text.includes("/"));
        const sorted = named.join() === [...named].sort().join();
        return named.length >= 3 && sorted && named.includes("KV.Registry");
    });
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("checkbox", { name: "Priority" }).check();
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "Priority" }).waitFor();
    await page.reload();
    await page.getByRole("columnheader", { name: "Priority" }).waitFor();
    await page.close();
});

/* OBS-37 */
if (!real) {
    test("a table is paged and searched; a private one cannot be opened", async () => {
        const page = await openPage(browser, target.address, "/tables");
        await page.locator(".row", { hasText: "Shop.Secrets" }).dblclick();
        await page.locator(".toast.bad", { hasText: "private" }).waitFor();
        await page.locator(".row", { hasText: "Shop.Web.Sessions" }).first().dblclick();
        await page.waitForURL("**/tables/Shop.Web.Sessions");
        await page.locator(".row", { hasText: "session-00000" }).waitFor();
        await page.getByRole("grid").focus();
        await page.keyboard.press("End");
        await page.locator(".row", { hasText: "session-03999" }).waitFor();
        await page.getByRole("searchbox").fill("session-0123");
        await page.locator(".page-aside", { hasText: "10 matches" }).waitFor();
        await page.close();
    });
}

test("the log is filtered and paused, its level changed", async () => {
    const page = await openPage(browser, target.address, "/log?level=error");
    await page.locator(".log-event", { hasText: "words for the log" }).waitFor();
    await target.type('Logger.info("of a lower level")');
    await target.type('Logger.error("of this level")');
    await page.locator(".log-event", { hasText: "of this level" }).waitFor();
    assert.equal(await page.locator(".log-event:not([data-level=error])").count(), 0);
    await page.getByLabel("Level of the node").selectOption("warning");
    await page.locator(".toast", { hasText: "warning" }).waitFor();
    const answer = await fetch(`${target.address}/api/log`);
    assert.equal(((await answer.json()) as { level: string }).level, "warning");
    await page.reload();
    await page.waitForFunction(() => {
        const select = document.querySelector<HTMLSelectElement>(
            "[aria-label='Level of the node']",
        );
        return select?.value === "warning";
    });
    await page.getByLabel("Level of the node").selectOption("debug");
    await page.locator(".toast", { hasText: "debug" }).waitFor();
    await page.close();
});

/* The moment before the crash, and the crash again in slow motion. */
test("history: the moment before a crash, and its replay", async () => {
    const page = await openPage(browser, target.address, "/crashes");
    await page.locator(".row", { hasText: "KV.Registry" }).first().dblclick();
    const dead = (await page.locator(".facts .pid").first().textContent()) ?? "";
    await page.getByRole("link", { name: "The moment before" }).click();
    await page.locator(`.node[data-pid="${dead}"]:not(.ended)`).waitFor();
    assert.match(page.url(), /history\?at=\d+/);
    await page.getByLabel("Speed").selectOption("0.25");
    await page.getByRole("button", { name: "Play" }).click();
    await page.locator(`.node.ended[data-pid="${dead}"]`).waitFor();
    await page.locator('.node.regrown[data-name="KV.Registry"]').waitFor();
    await page.getByRole("button", { name: "Now" }).click();
    await page.locator(".moment[data-now=true]").waitFor();
    await page.locator(`.node[data-pid="${dead}"]`).waitFor({ state: "detached" });
    await page.close();
});

test("messages: what a server receives is drawn", async () => {
    const pid = await pidOfName("KV.Registry");
    const page = await openPage(browser, target.address, "/messages");
    await page.getByLabel("Add a process by name or pid").fill("KV.Registry");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove KV.Registry" }).waitFor();
    await page.waitForURL(`**/messages?pids=${pid}`);
    await target.type('KV.Registry.create(KV.Registry, "traced")');
    await page.locator(".sequence-row", { hasText: "traced" }).first().waitFor();
    await screenshot(page, "sequence-light");
    await page.getByRole("button", { name: "Remove KV.Registry" }).click();
    await page.locator(".sequence-row").first().waitFor({ state: "hidden" });
    await page.close();
});

if (!real) {
    test("messages: calls in a circle are red", async () => {
        await target.mock("circle");
        const page = await openPage(browser, target.address, "/messages?view=waits");
        await page.locator(".waits-words.red", { hasText: "1 circle" }).waitFor();
        assert.equal(await page.locator(".wait-edge.red").count(), 2);
        assert.equal(await page.locator(".wait-box.red").count(), 2);
        assert.equal(await page.locator(".wait-edge:not(.red)").count(), 1);
        await screenshot(page, "circle-light");
        await page.close();
    });
}

test("links and monitors on demand", async () => {
    const page = await openPage(browser, target.address, "/applications/kv");
    await treeNode(page, "KV.Registry").click();
    await page.getByRole("button", { name: "Links" }).click();
    await page.locator(".inspector", { hasText: "Monitors (" }).waitFor();
    await page.locator(".tree-related .link").first().waitFor({ state: "attached" });
    await page.locator(".tree-related .monitor").first().waitFor({ state: "attached" });
    await screenshot(page, "links-light");
    await page.close();
});
