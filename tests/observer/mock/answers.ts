// SPDX-License-Identifier: Apache-2.0
/* The answers of docs/api-http.md, made from the mock node. */
import os from "node:os";
import type {
    Application,
    LoadSample,
    ProcessInfo,
    ProcessList,
    ProcessRow,
    System,
    TreeNode,
} from "../../../src/observer/web/data/types";
import { type MockNode, type Proc, term, us } from "./node";

const initialCall = (proc: Proc): string => `${proc.module}.init/1`;

export function systemOf(node: MockNode): System {
    const memory = process.memoryUsage();
    const processes = node.procs.size;
    const wave = (phase: number): number =>
        0.18 + 0.12 * Math.sin(Date.now() / 4000 + phase) + (processes > 1000 ? 0.4 : 0);
    return {
        node: "nonode@nohost",
        version: "0.1.0",
        compiler: "gcc 12.2.0",
        word_size: 8,
        time_us: us(),
        uptime_ms: Math.round((us() - node.started) / 1000),
        cpus: os.cpus().length,
        schedulers: 2,
        limits: {
            processes: { used: processes, limit: 131072 },
            atoms: { used: 1931 + processes, limit: 1048576 },
            tables: { used: node.tables.length, limit: 4 + node.tables.length / 8 },
            tables_rows: {
                used: node.tables.reduce((sum, one) => sum + one.rows().length, 0),
                limit: null,
            },
        },
        timers: 3,
        memory: {
            resident: memory.rss,
            total: memory.heapTotal,
            allocated: memory.heapUsed,
            processes: processes * 1536,
            atoms: 65536,
            tables: 409600,
        },
        scheduler: [0, 1].map((number) => ({
            number,
            use: wave(number * 1.7),
            run_queue: number,
            dispatches: 88121 + node.messages,
        })),
        run_queue_global: 0,
        threads: 5,
        zombies: 0,
        messages: node.messages + 120033,
        messages_per_s: 812.5 + 400 * wave(3),
        reductions: 9128312 + node.messages * 20,
        reductions_per_s: 100000,
        io: { in: 1048576, out: 524288, in_per_s: 20480 * wave(1), out_per_s: 10240 * wave(2) },
        log_dropped: 0,
        log_level: node.logLevel,
        red: ["tables"],
    };
}

export function sampleOf(node: MockNode): LoadSample {
    const system = systemOf(node);
    return {
        time_ms: Math.round(us() / 1000),
        scheduler_use: system.scheduler.map((one) => one.use),
        memory: {
            resident: system.memory.resident,
            processes: system.memory.processes,
            tables: system.memory.tables,
        },
        processes: system.limits.processes.used,
        run_queue: 1,
        messages_per_s: system.messages_per_s,
        reductions_per_s: system.reductions_per_s,
        io_in_per_s: system.io.in_per_s,
        io_out_per_s: system.io.out_per_s,
    };
}

export interface Bounds {
    depth: number;
    children: number;
    offset: number;
}

export function nodeOf(node: MockNode, proc: Proc, bounds: Bounds): TreeNode {
    const alive = node.procs.has(proc.pid);
    const { name, label, id, type, restart } = proc;
    const deeper = { ...bounds, depth: bounds.depth - 1, offset: 0 };
    const part = proc.children.slice(bounds.offset, bounds.offset + bounds.children);
    const now = Date.now();
    return {
        pid: alive ? proc.pid : null,
        name,
        label,
        id: proc.parent ? id : null,
        type,
        restart,
        state: proc.state,
        ...(proc.nextStart === null ? {} : { next_start_ms: Math.max(0, proc.nextStart - now) }),
        status: alive ? (proc.suspended ? "suspended" : "waiting") : null,
        module: proc.module,
        queue: alive ? proc.queue.length : null,
        memory: alive ? proc.memory : null,
        supervisor:
            type === "worker" || !alive
                ? null
                : {
                      strategy: proc.strategy === "dynamic" ? "one_for_one" : proc.strategy,
                      max_restarts: proc.maxRestarts,
                      max_seconds: proc.maxSeconds,
                      restarts: proc.restarts.filter((at) => at > now - proc.maxSeconds * 1000)
                          .length,
                      restarts_total: proc.restartsTotal,
                      count: proc.children.length,
                      offset: bounds.offset,
                      children:
                          bounds.depth > 0
                              ? part.map((child) => nodeOf(node, child, deeper))
                              : null,
                  },
    };
}

export function applicationsOf(node: MockNode, bounds: Bounds): { applications: Application[] } {
    return {
        applications: node.apps.map((app) => ({
            name: app.name,
            description: app.description,
            version: "0.1.0",
            master: app.root ? "0.29.0" : null,
            root: app.root ? nodeOf(node, app.root, bounds) : null,
        })),
    };
}

function rowOf(proc: Proc): ProcessRow {
    return {
        pid: proc.pid,
        name: proc.name,
        label: proc.label,
        initial_call: initialCall(proc),
        status: "waiting",
        memory: proc.memory,
        queue: proc.queue.length,
        reductions: proc.reductions,
        reductions_delta: proc.reductions - proc.seen,
        current_function: `${proc.module}.loop/1`,
        scheduler: null,
        priority: "normal",
        trap_exit: proc.type === "supervisor",
        suspended: proc.suspended,
    };
}

const serial = (pid: string): number => Number(pid.split(".")[1]);

export function processesOf(node: MockNode, query: URLSearchParams): ProcessList {
    const filter = (query.get("filter") ?? "").toLowerCase();
    const application = query.get("application") ?? "";
    const sort = (query.get("sort") ?? "reductions") as keyof ProcessRow;
    const sign = query.get("order") === "asc" ? 1 : -1;
    const offset = Number(query.get("offset") ?? 0);
    const limit = Number(query.get("limit") ?? 100);
    let rows = [...node.procs.values()]
        .filter((proc) => application === "" || proc.application === application)
        .map(rowOf);
    if (filter) {
        rows = rows.filter((row) =>
            [row.pid, row.name, row.label, row.initial_call, row.current_function].some((text) =>
                text?.toLowerCase().includes(filter),
            ),
        );
    }
    rows.sort((a, b) => {
        if (sort === "pid") return sign * (serial(a.pid) - serial(b.pid));
        const [x, y] = [a[sort] ?? "", b[sort] ?? ""];
        return x === y ? serial(a.pid) - serial(b.pid) : x < y ? -sign : sign;
    });
    return {
        count: node.procs.size,
        matched: rows.length,
        offset,
        interval_ms: 2000,
        processes: rows.slice(offset, offset + limit),
    };
}

export function processOf(node: MockNode, pid: string): ProcessInfo | null {
    const events = node.events.filter((event) => "pid" in event && event.pid === pid).slice(-50);
    const proc = node.procs.get(pid);
    if (!proc) {
        const exit = events.find((event) => event.event === "exit");
        if (!exit || exit.event !== "exit") return null;
        const crash = node.crashes.find((one) => one.process.pid === pid);
        const next = node.events.find((one) => one.event === "start" && one.replaces === pid);
        return {
            pid,
            alive: false,
            state: term("%{}"),
            name: exit.name,
            reason: exit.reason,
            time_us: exit.time_us,
            successor: next?.event === "start" ? next.pid : null,
            crash: crash?.number ?? null,
            events,
        };
    }
    const ancestors: Proc[] = [];
    for (let up = proc.parent; up; up = up.parent) ancestors.push(up);
    const links = [...(proc.parent ? [proc.parent] : []), ...proc.children].map((one) =>
        node.ref(one),
    );
    const by = [...node.procs.values()].filter((one) => one.monitors.has(pid));
    return {
        ...rowOf(proc),
        alive: true,
        module: proc.module,
        stack_size: 0,
        application: proc.application,
        group_leader: { pid: "0.29.0", name: null, label: null },
        parent: proc.parent ? node.ref(proc.parent) : null,
        ancestors: ancestors.map((one) => node.ref(one)),
        child_id: proc.id === null ? null : term(proc.id),
        links: links.slice(0, 200),
        monitors: [...proc.monitors].map((one) => node.ref(one)),
        monitored_by: by.map((one) => node.ref(one)),
        links_count: links.length,
        monitors_count: proc.monitors.size,
        monitored_by_count: by.length,
        dictionary: [
            { key: term(':"$initial_call"'), value: term(`{${proc.module}, :init, 1}`) },
            {
                key: term(':"$ancestors"'),
                value: term(`[${ancestors.map((one) => one.name).join(", ")}]`),
            },
        ],
        tables: node.tables
            .filter((one) => one.owner === pid)
            .map((one) => (one.named ? one.name : one.id)),
        stacktrace:
            proc.queue.length > 0
                ? [
                      {
                          function: "cop_receive",
                          file: "src/runtime/mailbox.c",
                          line: 120,
                          address: "0x5581",
                      },
                      {
                          function: "cop_gen_server_call",
                          file: "src/otp/gen_server.c",
                          line: 88,
                          address: "0x5590",
                      },
                      {
                          function: "mailer_flush",
                          file: "apps/shop/mailer.c",
                          line: 61,
                          address: "0x5599",
                      },
                  ]
                : [],
        events,
    };
}
