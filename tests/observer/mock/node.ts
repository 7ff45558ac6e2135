// SPDX-License-Identifier: Apache-2.0
/* A node that is not there: processes under supervisors with OTP's rules of restart, and what the
 * Observer keeps of them (events, crashes, log). Nothing happens by itself, so that tests are
 * deterministic; mock/life.ts makes it lively for those who develop the page. */
import type {
    CrashRow,
    LogEvent,
    ProcessRef,
    Term,
    TraceMessage,
    TreeEvent,
    TreeRow,
} from "../../../src/observer/web/data/types";

export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one" | "dynamic";

export interface Proc {
    pid: string;
    name: string | null;
    label: string | null;
    module: string;
    parent: Proc | null;
    id: string | null;
    type: "supervisor" | "worker";
    restart: "permanent" | "transient" | "temporary";
    state: "running" | "restarting" | "stopped";
    nextStart: number | null;
    backoff: number;
    strategy: Strategy;
    maxRestarts: number;
    maxSeconds: number;
    restarts: number[];
    restartsTotal: number;
    children: Proc[];
    suspended: boolean;
    queue: string[];
    memory: number;
    reductions: number;
    seen: number;
    value: string;
    since: number;
    application: string;
    monitors: Set<string>;
    setup: ((self: Proc) => void) | null;
}

export interface Spec {
    name?: string;
    label?: string;
    module: string;
    id?: string | null;
    type?: "supervisor" | "worker";
    restart?: Proc["restart"];
    strategy?: Strategy;
    maxRestarts?: number;
    maxSeconds?: number;
    backoff?: number;
    value?: string;
    /* Starts the children of a supervisor. */
    setup?: (self: Proc) => void;
}

export interface StoredCrash extends CrashRow {
    initial_call: string;
    ancestors: ProcessRef[];
    links: ProcessRef[];
    state: Term | null;
    messages: Term[];
    queue: number;
    report: string;
    tree: TreeRow[];
}

export interface Table {
    id: string;
    name: string;
    named: boolean;
    protection: "public" | "protected" | "private";
    type: string;
    owner: string;
    rows: () => [string, string][];
}

export interface App {
    name: string;
    description: string;
    root: Proc | null;
    start: (() => Proc) | null;
}

export interface Call {
    from: string;
    to: string;
    request: string;
    since: number;
}

const EVENTS_MAX = 20000;

export const term = (text: string, cut = false): Term => ({ text, cut });
export const us = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

export class MockNode {
    readonly procs = new Map<string, Proc>();
    readonly apps: App[] = [];
    readonly tables: Table[] = [];
    readonly calls: Call[] = [];
    readonly started = us();
    events: TreeEvent[] = [];
    crashes: StoredCrash[] = [];
    log: LogEvent[] = [];
    trace: TraceMessage[] = [];
    traced: string[] = [];
    logLevel = "debug";
    messages = 0;
    counters = { tree: 1, crashes: 1, log: 1, trace: 1 };
    /* Is called with everything that is to be streamed. */
    tell: (topic: "tree" | "crash" | "log" | "trace", item: unknown) => void = () => {};
    private nextPid = 30;

    ref(proc: Proc | string): ProcessRef {
        const one = typeof proc === "string" ? this.procs.get(proc) : proc;
        if (!one) return { pid: proc as string, name: null, label: null };
        return { pid: one.pid, name: one.name, label: one.label };
    }

    byName(name: string): Proc | undefined {
        for (const proc of this.procs.values()) if (proc.name === name) return proc;
        return undefined;
    }

    /* Starts a child of a supervisor (or, without one, the top of an application). */
    spawn(
        parent: Proc | null,
        spec: Spec,
        application: string,
        replaces: string | null = null,
    ): Proc {
        const proc: Proc = {
            pid: `0.${this.nextPid++}.0`,
            name: spec.name ?? null,
            label: spec.label ?? null,
            module: spec.module,
            parent,
            id: spec.id === undefined ? (spec.name ?? spec.module) : spec.id,
            type: spec.type ?? "worker",
            restart: spec.restart ?? "permanent",
            state: "running",
            nextStart: null,
            backoff: spec.backoff ?? 0,
            strategy: spec.strategy ?? "one_for_one",
            maxRestarts: spec.maxRestarts ?? 3,
            maxSeconds: spec.maxSeconds ?? 5,
            restarts: [],
            restartsTotal: 0,
            children: [],
            suspended: false,
            queue: [],
            memory: 1536,
            reductions: 400,
            seen: 400,
            value: spec.value ?? "%{}",
            since: us(),
            application,
            monitors: new Set(),
            setup: spec.setup ?? null,
        };
        this.procs.set(proc.pid, proc);
        this.event({
            event: "start",
            pid: proc.pid,
            name: proc.name,
            supervisor: parent?.pid ?? null,
            id: parent ? proc.id : application,
            type: proc.type,
            replaces,
        });
        if (parent && replaces === null) parent.children.push(proc);
        proc.setup?.(proc);
        return proc;
    }

    /* exit(pid, reason): kill and untrapped reasons end it, and its supervisor acts. */
    exit(pid: string, reason: string): void {
        const proc = this.procs.get(pid);
        if (!proc || reason === ":normal") return;
        this.end(proc, reason === ":kill" ? ":killed" : reason);
        this.react(proc);
    }

    /* A process ends on its own account. */
    crash(pid: string, reason: string): void {
        const proc = this.procs.get(pid);
        if (!proc) return;
        this.end(proc, reason);
        this.react(proc);
    }

    terminateChild(supervisor: string, child: string): boolean {
        const parent = this.procs.get(supervisor);
        const proc = parent?.children.find((one) => one.id === child || one.pid === child);
        if (!parent || !proc) return false;
        if (this.procs.has(proc.pid)) this.end(proc, ":shutdown");
        if (parent.strategy === "dynamic" || proc.restart === "temporary") {
            parent.children = parent.children.filter((one) => one !== proc);
        } else {
            proc.state = "stopped";
        }
        return true;
    }

    restartChild(supervisor: string, id: string): string {
        const parent = this.procs.get(supervisor);
        const proc = parent?.children.find((one) => one.id === id);
        if (!parent || !proc) return "{:error, :not_found}";
        if (this.procs.has(proc.pid)) return "{:error, :running}";
        return `{:ok, #PID<${this.regrow(parent, proc).pid}>}`;
    }

    logged(level: string, text: string, pid: string | null): void {
        const event = { number: this.counters.log++, time_us: us(), level, text, pid };
        this.log = [...this.log.slice(-999), event];
        this.tell("log", event);
    }

    /* A message from one process to another; noted when the receiver is traced. */
    message(
        from: string | null,
        to: string,
        text: string,
        kind: TraceMessage["kind"] = "message",
    ): void {
        this.messages++;
        if (!this.traced.includes(to)) return;
        const message: TraceMessage = {
            number: this.counters.trace++,
            time_us: us(),
            from: from === null ? null : this.ref(from),
            to: this.ref(to),
            kind,
            term: term(text),
        };
        this.trace = [...this.trace.slice(-999), message];
        this.tell("trace", message);
    }

    treeRows(): TreeRow[] {
        const rows: TreeRow[] = [];
        const todo = this.apps.flatMap((app) => (app.root ? [app.root] : [])).reverse();
        for (let proc = todo.pop(); proc; proc = todo.pop()) {
            if (!this.procs.has(proc.pid)) continue;
            rows.push({
                pid: proc.pid,
                name: proc.name,
                supervisor: proc.parent?.pid ?? null,
                id: proc.parent ? proc.id : proc.application,
                type: proc.type,
                since_us: proc.since,
            });
            todo.push(...[...proc.children].reverse());
        }
        return rows;
    }

    private event(event: DistributiveOmit<TreeEvent, "number" | "time_us">): void {
        const full = { number: this.counters.tree++, time_us: us(), ...event } as TreeEvent;
        this.events.push(full);
        if (this.events.length > EVENTS_MAX) this.events.splice(0, EVENTS_MAX / 10);
        this.tell("tree", full);
    }

    /* Ends a process and everything below it, the youngest first. */
    private end(proc: Proc, reason: string): void {
        for (const child of [...proc.children].reverse()) {
            if (this.procs.has(child.pid)) this.end(child, ":shutdown");
        }
        const abnormal =
            ![":normal", ":shutdown"].includes(reason) && !/^\{:shutdown,/.test(reason);
        const tree = abnormal ? this.treeRows() : [];
        this.procs.delete(proc.pid);
        this.event({
            event: "exit",
            pid: proc.pid,
            name: proc.name,
            reason: term(reason),
            abnormal,
        });
        if (abnormal) this.noteCrash(proc, reason, tree);
        for (const other of this.procs.values()) other.monitors.delete(proc.pid);
    }

    private noteCrash(proc: Proc, reason: string, tree: TreeRow[]): void {
        const ancestors: ProcessRef[] = [];
        for (let up = proc.parent; up; up = up.parent) ancestors.push(this.ref(up));
        const called = proc.name ?? `#PID<${proc.pid}>`;
        const report = [
            `GenServer ${called} terminating`,
            `** (stop) ${reason}`,
            "Last message: nothing",
            `State: ${proc.value}`,
        ].join("\n");
        const crash: StoredCrash = {
            number: this.counters.crashes++,
            time_us: us(),
            kind: "exit",
            process: { pid: proc.pid, name: proc.name, label: proc.label },
            application: proc.application,
            reason: term(reason),
            words: reason === ":killed" ? "killed" : reason,
            successor: null,
            initial_call: `${proc.module}.init/1`,
            ancestors,
            links: ancestors.slice(0, 1),
            state: term(proc.value),
            messages: proc.queue.map((text) => term(text)),
            queue: proc.queue.length,
            report,
            tree,
        };
        this.crashes = [crash, ...this.crashes].slice(0, 256);
        this.logged("error", report, proc.pid);
        this.tell("crash", crash);
    }

    /* What the supervisor does about a child that has ended. */
    private react(proc: Proc): void {
        const parent = proc.parent;
        if (!parent) return this.restartApplication(proc);
        if (proc.restart === "temporary") {
            parent.children = parent.children.filter((one) => one !== proc);
            return;
        }
        const now = Date.now();
        parent.restarts = parent.restarts.filter((at) => at > now - parent.maxSeconds * 1000);
        if (parent.restarts.length >= parent.maxRestarts) {
            this.event({ event: "gave_up", supervisor: parent.pid, id: proc.id });
            this.end(parent, ":shutdown");
            this.react(parent);
            return;
        }
        parent.restarts.push(now);
        parent.restartsTotal++;
        this.event({
            event: "restart",
            pid: proc.pid,
            supervisor: parent.pid,
            id: proc.id,
            restarts: parent.restarts.length,
            max_restarts: parent.maxRestarts,
            delay_ms: proc.backoff,
        });
        if (proc.backoff > 0) {
            proc.state = "restarting";
            proc.nextStart = now + proc.backoff;
            setTimeout(() => {
                if (this.procs.has(parent.pid) && proc.state === "restarting")
                    this.regrow(parent, proc);
            }, proc.backoff).unref();
            return;
        }
        for (const one of this.affected(parent, proc)) {
            if (this.procs.has(one.pid)) this.end(one, ":shutdown");
        }
        for (const one of this.affected(parent, proc)) this.regrow(parent, one);
    }

    private affected(parent: Proc, proc: Proc): Proc[] {
        const at = parent.children.indexOf(proc);
        if (parent.strategy === "one_for_all") return [...parent.children];
        if (parent.strategy === "rest_for_one") return parent.children.slice(at);
        return [proc];
    }

    private regrow(parent: Proc, proc: Proc): Proc {
        const at = parent.children.indexOf(proc);
        const { name, label, module, id, type, restart, strategy, maxRestarts, maxSeconds } = proc;
        const next = this.spawn(
            parent,
            {
                ...(name === null ? {} : { name }),
                ...(label === null ? {} : { label }),
                ...(proc.setup ? { setup: proc.setup } : {}),
                module,
                id,
                type,
                restart,
                strategy,
                maxRestarts,
                maxSeconds,
                backoff: proc.backoff,
            },
            proc.application,
            proc.pid,
        );
        parent.children[at] = next;
        const crash = this.crashes.find((one) => one.process.pid === proc.pid);
        if (crash) crash.successor = next.pid;
        return next;
    }

    private restartApplication(proc: Proc): void {
        const app = this.apps.find((one) => one.root === proc);
        if (app) app.root = null;
    }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
