// SPDX-License-Identifier: Apache-2.0
/* What the browser tests share: the node that they look at, and the browser.
 *
 * Without settings the node is the mock. OBSERVER_PROGRAM=FILE makes it that program, started with
 * its Observer on a free port; what is typed in its console goes through its `rpc`. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { startMock } from "./mock/start";

const work = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const program = process.env["OBSERVER_PROGRAM"];
export const SHOTS = path.resolve(process.env["OBSERVER_SHOTS"] ?? path.join(work, "screenshots"));

/* How long anything may take on a machine that is busy with other things: what is waited for comes
 * at once on an idle one, and a test that fails takes this long. */
export const PATIENCE_MS = 90_000;

export interface Target {
    address: string;
    /* Types an expression into the node's console. */
    type(text: string): Promise<void>;
    /* Has so many processes a second start and end, from now on; 0: no more. */
    churn(perSecond: number): Promise<void>;
    /* Orders that only the mock takes. */
    mock(order: string, body?: object): Promise<Record<string, string>>;
    close(): Promise<void>;
}

/* True where the tests run against a real node. */
export const real = program !== undefined;

async function startProgram(file: string): Promise<Target> {
    /* A folder and ports of its own: other nodes may run on this machine. */
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "observer-"));
    const env = {
        ...process.env,
        OBSERVER_PORT: "0",
        PORT: "0",
        REDIS_PORT: "0",
        MY_SERVICE_PORT: "0",
        STATE_DIRECTORY: folder,
        COPPICE_RUN_DIR: folder,
    };
    const node = spawn(path.resolve(file), ["start"], {
        env,
        stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<void>((resolve) => node.once("exit", () => resolve()));
    const address = await new Promise<string>((resolve, reject) => {
        let text = "";
        node.stdout.on("data", (chunk: Buffer) => {
            if (text.length < 10_000) text += chunk.toString();
            const found = /Observer is at (http:\/\/127\.0\.0\.1:\d+)/.exec(text);
            if (found) resolve(found[1]!);
        });
        node.once("exit", () => reject(new Error(`${file} ended: ${text}`)));
    });
    const type = async (text: string): Promise<void> => {
        await promisify(execFile)(path.resolve(file), ["rpc", text], { env });
    };
    return {
        address,
        type,
        churn: (perSecond) => type(`Churn.run(${perSecond})`),
        mock: () => Promise.reject(new Error("this is a real node")),
        close: async () => {
            node.kill("SIGTERM");
            await ended;
            fs.rmSync(folder, { recursive: true });
        },
    };
}

async function startMockTarget(): Promise<Target> {
    const mock = await startMock(path.join(work, "dist"));
    const order = async (name: string, body: object = {}): Promise<Record<string, string>> => {
        const response = await fetch(`${mock.address}/mock/${name}`, {
            method: "POST",
            body: JSON.stringify(body),
        });
        assert.equal(response.status, 200);
        return (await response.json()) as Record<string, string>;
    };
    return {
        address: mock.address,
        type: async (text) => {
            await order("eval", { text });
        },
        churn: async (perSecond) => {
            await order("churn", { per_second: perSecond });
        },
        mock: order,
        close: () => Promise.resolve(mock.close()),
    };
}

export function startTarget(): Promise<Target> {
    return program === undefined ? startMockTarget() : startProgram(program);
}

export function launch(): Promise<Browser> {
    const file = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
    return chromium.launch({
        executablePath: file,
        args: ["--no-sandbox", "--disable-dev-shm-usage"],
        timeout: PATIENCE_MS,
    });
}

/* A page that fails the test on any error of a script or of the content policy. */
export async function openPage(browser: Browser, address: string, url = "/"): Promise<Page> {
    const page = await browser.newPage({
        baseURL: address,
        viewport: { width: 1360, height: 850 },
    });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => assert.fail(`the page failed: ${error.message}`));
    page.on("console", (message) => {
        const text = message.text();
        if (message.type() === "error" && !/status of (400|403|404|409)/.test(text))
            assert.fail(`the console says: ${text}`);
    });
    await page.goto(url);
    return page;
}

/* The node of the tree with that name, or the pid of a nameless one; not a ghost. */
export function treeNode(page: Page, name: string): Locator {
    return page.locator(
        `.node:is([data-name="${name}"], [data-pid="${name}"]):not(.ended):not(.more)`,
    );
}

/* The buckets: the nameless children in the tree of the store. */
export function buckets(page: Page): Locator {
    return page.locator('.node.worker[data-name=""]:not(.ended)');
}

export async function pidOf(node: Locator): Promise<string> {
    const pid = await node.getAttribute("data-pid");
    assert.ok(pid);
    return pid;
}

/* Kills a process as the page does, without its menus. */
export async function kill(page: Page, pid: string): Promise<void> {
    const status = await page.evaluate(async (id) => {
        const session = (await (await fetch("/api/session")).json()) as { token: string };
        const answer = await fetch(`/api/processes/${id}/kill`, {
            method: "POST",
            headers: { "content-type": "application/json", "x-observer-token": session.token },
            body: "{}",
        });
        return answer.status;
    }, pid);
    assert.equal(status, 200);
}

/* Chooses an entry of the menu that is open. */
export async function choose(page: Page, entry: string): Promise<void> {
    await page.getByRole("menuitem", { name: entry }).click();
}

export async function screenshot(page: Page, name: string): Promise<void> {
    fs.mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: path.join(SHOTS, `${name}.png`), animations: "disabled" });
}
