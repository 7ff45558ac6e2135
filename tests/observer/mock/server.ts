// SPDX-License-Identifier: Apache-2.0
/* The mock's HTTP side: the page's files under a strict policy, the API, the event streams. */
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import type { AddressInfo } from "node:net";
import type { Trace, TreeEvent } from "../../../src/observer/web/data/types";
import { applicationsOf, nodeOf, processesOf, processOf, sampleOf, systemOf } from "./answers";
import { type MockNode, term, us } from "./node";

const CSP =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'";
const TYPES: Record<string, string> = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
};
const TOKEN = "mock-token";
const LEVELS = "debug info notice warning error critical alert emergency none".split(" ");

class Refusal extends Error {
    constructor(
        readonly status: number,
        readonly kind: string,
        message: string,
    ) {
        super(message);
    }
}

const nothing = (what: string): Refusal => new Refusal(404, "not_found", `no ${what}`);

interface Stream {
    response: http.ServerResponse;
    topics: Set<string>;
    level: number;
    pending: Map<string, unknown[]>;
}

/* Orders that only the tests give: what is typed in the console of a real node. */
export type Extra = (path: string, body: Record<string, unknown>) => unknown;

export class MockServer {
    private readonly streams = new Set<Stream>();
    private readonly samples: ReturnType<typeof sampleOf>[] = [];
    private readonly server: http.Server;
    private readonly timers: NodeJS.Timeout[] = [];
    private ticks = 0;

    constructor(
        private readonly node: MockNode,
        private readonly dist: string,
        private readonly extra: Extra,
    ) {
        this.server = http.createServer((request, response) => void this.handle(request, response));
        node.tell = (topic, item) => this.note(topic, item);
        this.timers.push(setInterval(() => this.flush(), 100));
        this.timers.push(setInterval(() => this.tick(), 500));
    }

    async listen(port: number): Promise<string> {
        await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    close(): void {
        for (const timer of this.timers) clearInterval(timer);
        this.server.closeAllConnections();
        this.server.close();
    }

    private async handle(
        request: http.IncomingMessage,
        response: http.ServerResponse,
    ): Promise<void> {
        const url = new URL(request.url ?? "/", "http://127.0.0.1");
        try {
            if (url.pathname === "/api/events") this.open(url.searchParams, response);
            else if (url.pathname.startsWith("/mock/"))
                json(
                    response,
                    200,
                    this.extra(url.pathname, await bodyOf(request)) ?? { ok: true },
                );
            else if (request.method === "POST")
                json(response, 200, this.change(url, request, await bodyOf(request)));
            else if (url.pathname.startsWith("/api/"))
                json(response, 200, this.answer(url.pathname, url.searchParams));
            else this.file(url.pathname, response);
        } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            json(response, error.status, { error: { kind: error.kind, message: error.message } });
        }
    }

    private file(name: string, response: http.ServerResponse): void {
        const asset = /^\/assets\/([\w.-]+)$/.exec(name);
        const type = asset ? TYPES[path.extname(asset[1]!)] : "text/html";
        const file = path.join(this.dist, asset ? asset[1]! : "index.html");
        if (!type || !fs.existsSync(file)) throw nothing("such file");
        response.writeHead(200, {
            "Content-Type": `${type}; charset=utf-8`,
            "Content-Security-Policy": CSP,
        });
        response.end(fs.readFileSync(file));
    }

    private answer(name: string, query: URLSearchParams): unknown {
        const { node } = this;
        const parts = name.split("/").slice(2).map(decodeURIComponent);
        const number = (key: string, otherwise: number): number =>
            Number(query.get(key) ?? otherwise);
        const bounds = {
            depth: number("depth", 8),
            children: number("children", 200),
            offset: number("offset", 0),
        };
        switch (parts[0]) {
            case "session":
                return {
                    node: "nonode@nohost",
                    version: "0.1.0",
                    token: TOKEN,
                    read_only: false,
                    pid: "4711",
                    program: "mock",
                };
            case "system":
                return systemOf(node);
            case "load":
                return this.load(number("seconds", 60));
            case "applications":
                return applicationsOf(node, bounds);
            case "tree": {
                const proc = node.procs.get(parts[1] ?? "");
                if (!proc) throw nothing(`process ${parts[1]}`);
                return nodeOf(node, proc, bounds);
            }
            case "processes":
                return parts[1] ? this.process(parts[1], parts[2]) : processesOf(node, query);
            case "tables":
                return parts[1] ? this.table(parts[1], query) : this.tables(query);
            case "ports": {
                const kind = query.get("kind");
                const ports = this.ports().filter((one) => !kind || one["kind"] === kind);
                return listing("ports", ports, query, "owner");
            }
            case "crashes":
                return this.crashes(parts[1], number("after", 0));
            case "history":
                return parts[1] === "tree"
                    ? this.treeAt(number("at_us", us()))
                    : this.history(query);
            case "calls":
                return this.calls();
            case "trace":
                return this.trace(number("after", 0));
            case "log": {
                const least = LEVELS.indexOf(query.get("level") ?? "debug");
                const events = node.log.filter((e) => LEVELS.indexOf(e.level) >= least);
                return { level: node.logLevel, next: node.counters.log, lost: 0, events };
            }
            default:
                throw nothing(`such path ${name}`);
        }
    }

    private process(pid: string, rest: string | undefined): unknown {
        const proc = this.node.procs.get(pid);
        if (rest === undefined) {
            const info = processOf(this.node, pid);
            if (!info) throw nothing(`process ${pid}`);
            return info;
        }
        if (!proc) throw nothing(`process ${pid}`);
        if (rest === "messages")
            return { count: proc.queue.length, messages: proc.queue.map((text) => term(text)) };
        return { state: term(proc.value), status: term("{:status, …}") };
    }

    private tables(query: URLSearchParams): object {
        const all = this.node.tables.map((one) => this.tableRow(one));
        const memory = all.reduce((sum, one) => sum + Number(one["memory"]), 0);
        const readable = query.get("readable") === "true";
        const shown = all.filter((one) => !readable || one["readable"]);
        return { ...listing("tables", shown, query, "name"), memory };
    }

    private tableRow(table: MockNode["tables"][number]): Row {
        const { id, name, named, protection, type, owner } = table;
        const size = table.rows().length;
        const readable = protection !== "private";
        return {
            id,
            name,
            named,
            protection,
            type,
            size,
            memory: size * 96 + 1024,
            owner: this.node.ref(owner),
            keypos: 1,
            heir: null,
            readable,
        };
    }

    private table(id: string, query: URLSearchParams): object {
        const table = this.node.tables.find(
            (one) => one.id === id || (one.named && one.name === id),
        );
        if (!table) throw nothing(`table ${id}`);
        if (table.protection === "private")
            throw new Refusal(403, "forbidden", `table ${id} is private`);
        const filter = query.get("filter") ?? "";
        const rows = table.rows().filter((row) => row.some((text) => text.includes(filter)));
        const offset = Number(query.get("offset") ?? 0);
        const part = rows.slice(offset, offset + Number(query.get("limit") ?? 100));
        return {
            table: this.tableRow(table),
            matched: rows.length,
            offset,
            rows: part.map((row) => ({
                key: term(row[0]),
                elements: row.map((text) => term(text)),
            })),
        };
    }

    private ports(): Row[] {
        const owner = this.node.byName("Shop.Web.Listener");
        if (!owner) return [];
        const base = {
            owner: this.node.ref(owner),
            state: "open",
            queue: 0,
            os_pid: null,
            command: null,
            stream: null,
        };
        return [
            {
                ...base,
                id: "7",
                kind: "tcp_listener",
                local: "127.0.0.1:8080",
                remote: null,
                bytes_in: 0,
                bytes_out: 0,
            },
            {
                ...base,
                id: "8",
                kind: "tcp",
                local: "127.0.0.1:8080",
                remote: "127.0.0.1:53112",
                bytes_in: 18233,
                bytes_out: 902144,
                queue: 4096,
            },
            {
                ...base,
                id: "9",
                kind: "tcp",
                local: "127.0.0.1:8080",
                remote: "127.0.0.1:53119",
                bytes_in: 812,
                bytes_out: 2048,
            },
            {
                ...base,
                id: "11",
                kind: "os_process",
                local: null,
                remote: null,
                bytes_in: 120,
                bytes_out: 64,
                os_pid: 5120,
                command: "/usr/bin/sort",
                stream: "stdout",
            },
            {
                ...base,
                id: "12",
                kind: "udp",
                local: "127.0.0.1:5353",
                remote: null,
                bytes_in: 4096,
                bytes_out: 0,
            },
        ];
    }

    private crashes(number: string | undefined, after: number): unknown {
        const { crashes, counters } = this.node;
        if (number === undefined) {
            const rows = crashes.filter((one) => one.number > after).map(crashRow);
            return { next: counters.crashes, lost: 0, crashes: rows };
        }
        const crash = crashes.find((one) => String(one.number) === number);
        if (!crash) throw nothing(`crash ${number}`);
        const stacktrace = [
            {
                function: `${crash.process.name ?? "KV.Bucket"}.handle_call/3`,
                file: "apps/kv/registry.c",
                line: 42,
            },
            { function: "handle_one", file: "src/otp/gen_server_loop.c", line: 131 },
        ];
        return { ...crash, stacktrace: crash.words === "killed" ? [] : stacktrace };
    }

    private history(query: URLSearchParams): object {
        const from = Number(query.get("from_us") ?? 0);
        const to = Number(query.get("to_us") ?? Infinity);
        const limit = Number(query.get("limit") ?? 5000);
        const events = this.node.events.filter((e) => e.time_us >= from && e.time_us <= to);
        return {
            from_us: this.node.started,
            to_us: us(),
            lost: 0,
            next: this.node.counters.tree,
            events: events.slice(-limit),
        };
    }

    /* Plays the events up to that moment. */
    private treeAt(at: number): object {
        const rows = new Map<string, object>();
        let number = 0;
        for (const event of this.node.events) {
            if (event.time_us > at) break;
            number = event.number;
            if (event.event === "exit") rows.delete(event.pid);
            if (event.event !== "start") continue;
            const { pid, name, supervisor, id, type } = event;
            rows.set(pid, { pid, name, supervisor, id, type, since_us: event.time_us });
        }
        return { at_us: at, number, complete: true, tree: [...rows.values()] };
    }

    private calls(): object {
        const { node } = this;
        const circle = node.calls.slice(0, 2);
        return {
            calls: node.calls.map((call) => ({
                from: node.ref(call.from),
                to: node.ref(call.to),
                request: call.request,
                waited_ms: Math.round((us() - call.since) / 1000),
                circle: circle.includes(call),
            })),
            circles: circle.length ? [circle.map((call) => call.from)] : [],
        };
    }

    private trace(after: number): Trace {
        const { node } = this;
        return {
            pids: node.traced,
            next: node.counters.trace,
            lost: 0,
            messages: node.trace.filter((one) => one.number > after),
        };
    }

    private change(url: URL, request: http.IncomingMessage, body: Record<string, unknown>): object {
        const { node } = this;
        if (request.headers["x-observer-token"] !== TOKEN)
            throw new Refusal(403, "bad_token", "the page's token is missing");
        if (request.headers.origin !== `http://${request.headers.host}`)
            throw new Refusal(403, "bad_origin", "not from here");
        const [what, pid, order] = url.pathname.split("/").slice(2).map(decodeURIComponent);
        if (what === "trace") {
            node.traced = body["pids"] as string[];
            return { ok: true };
        }
        if (what === "log") {
            node.logLevel = String(body["level"]);
            return { ok: true };
        }
        const proc = node.procs.get(pid ?? "");
        if (!proc || !order) throw nothing(`process ${pid}`);
        if (what === "tree") {
            const child = String(body["id"] ?? body["pid"]);
            if (order === "restart_child")
                return { ok: true, result: term(node.restartChild(proc.pid, child)) };
            if (!node.terminateChild(proc.pid, child)) throw nothing(`child ${child}`);
            return { ok: true, result: term(":ok") };
        }
        const text = String(body["reason"] ?? body["message"] ?? "");
        if (text.endsWith("{"))
            throw new Refusal(400, "bad_request", `reason: syntax error after ${text}`);
        if (order === "kill" || order === "exit") node.exit(proc.pid, text);
        else if (order === "suspend") proc.suspended = true;
        else if (order === "resume") proc.suspended = false;
        else if (order === "send") node.message(null, proc.pid, text);
        return { ok: true, result: term(text) };
    }

    private load(seconds: number): object {
        const since = us() / 1000 - seconds * 1000;
        const all = this.samples.filter((one) => one.time_ms >= since);
        const curve = <T>(value: (s: (typeof all)[number]) => T): T[] => all.map(value);
        return {
            interval_ms: 500,
            time_ms: curve((s) => s.time_ms),
            scheduler_use: [curve((s) => s.scheduler_use[0]), curve((s) => s.scheduler_use[1])],
            memory: {
                resident: curve((s) => s.memory.resident),
                processes: curve((s) => s.memory.processes),
                tables: curve((s) => s.memory.tables),
            },
            processes: curve((s) => s.processes),
            run_queue: curve((s) => s.run_queue),
            messages_per_s: curve((s) => s.messages_per_s),
            reductions_per_s: curve((s) => s.reductions_per_s),
            io_in_per_s: curve((s) => s.io_in_per_s),
            io_out_per_s: curve((s) => s.io_out_per_s),
        };
    }

    private open(query: URLSearchParams, response: http.ServerResponse): void {
        const { counters } = this.node;
        const level = LEVELS.indexOf(query.get("level") ?? "debug");
        const topics = new Set((query.get("topics") ?? "").split(","));
        const stream = { response, topics, level, pending: new Map() };
        response.writeHead(200, {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
        });
        response.write("retry: 1000\n\n");
        send(stream, "hello", { node: "nonode@nohost", time_us: us(), ...counters });
        if (topics.has("system")) send(stream, "system", systemOf(this.node));
        this.streams.add(stream);
        response.on("close", () => this.streams.delete(stream));
    }

    private note(topic: string, item: unknown): void {
        for (const stream of this.streams) {
            if (topic === "log" && LEVELS.indexOf((item as { level: string }).level) < stream.level)
                continue;
            const list = stream.pending.get(topic) ?? [];
            list.push(item);
            stream.pending.set(topic, list);
        }
    }

    private flush(): void {
        for (const stream of this.streams) {
            const { topics, pending } = stream;
            const take = (topic: string): unknown[] => pending.get(topic) ?? [];
            const tree = take("tree") as TreeEvent[];
            if (topics.has("tree") && tree.length) send(stream, "tree", { lost: 0, events: tree });
            if (topics.has("processes") && tree.length)
                send(stream, "processes", {
                    lost: Math.max(0, tree.length - 500),
                    count: this.node.procs.size,
                    events: tree
                        .filter((e) => e.event === "start" || e.event === "exit")
                        .slice(-500),
                });
            if (topics.has("crashes"))
                for (const crash of take("crash")) send(stream, "crash", crashRow(crash as object));
            if (topics.has("log") && take("log").length)
                send(stream, "log", { lost: 0, events: take("log") });
            if (topics.has("trace") && take("trace").length)
                send(stream, "trace", { lost: 0, messages: take("trace") });
            pending.clear();
        }
    }

    private tick(): void {
        const sample = sampleOf(this.node);
        this.samples.push(sample);
        if (this.samples.length > 7200) this.samples.shift();
        this.ticks++;
        for (const stream of this.streams) {
            if (stream.topics.has("load")) send(stream, "load", sample);
            if (this.ticks % 2) continue;
            if (stream.topics.has("system")) send(stream, "system", systemOf(this.node));
            if (stream.topics.has("calls")) send(stream, "calls", this.calls());
        }
    }
}

type Row = Record<string, unknown>;

/* A page of a list, as the node gives it. */
function listing(name: string, all: Row[], query: URLSearchParams, first: string): object {
    const text = (value: unknown): string =>
        typeof value === "object" && value !== null ? Object.values(value).join(" ") : `${value}`;
    const want = (query.get("filter") ?? "").toLowerCase();
    const rows = all.filter((row) =>
        Object.values(row).some((one) => text(one).toLowerCase().includes(want)),
    );
    const column = query.get("sort") ?? first;
    const sign = query.get("order") === "desc" ? -1 : 1;
    rows.sort((a, b) => {
        const [x, y] = [a[column], b[column]];
        if (typeof x === "number" && typeof y === "number") return sign * (x - y);
        return sign * text(x).localeCompare(text(y));
    });
    const offset = Number(query.get("offset") ?? 0);
    const part = rows.slice(offset, offset + Number(query.get("limit") ?? 100));
    return { count: all.length, matched: rows.length, offset, [name]: part };
}

function crashRow(crash: object): object {
    const { number, time_us, kind, process, application, reason, words, successor } =
        crash as Record<string, unknown>;
    return { number, time_us, kind, process, application, reason, words, successor };
}

function send(stream: Stream, event: string, data: unknown): void {
    stream.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function json(response: http.ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
    response.end(JSON.stringify(body));
}

async function bodyOf(request: http.IncomingMessage): Promise<Record<string, unknown>> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}
