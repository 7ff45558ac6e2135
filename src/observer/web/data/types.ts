// SPDX-License-Identifier: Apache-2.0
/* The shapes of docs/api-http.md. The page and the mock server of the tests share them. */

export interface Term {
    text: string;
    cut: boolean;
}

export interface ProcessRef {
    pid: string;
    name: string | null;
    label: string | null;
}

export type Busy = "busy";

export interface Session {
    node: string;
    version: string;
    token: string;
    read_only: boolean;
    pid: string;
    program: string;
}

export interface Limit {
    used: number;
    limit: number | null;
}

export interface System {
    node: string;
    version: string;
    compiler: string;
    word_size: number;
    time_us: number;
    uptime_ms: number;
    cpus: number;
    schedulers: number;
    limits: { processes: Limit; atoms: Limit; tables: Limit; tables_rows: Limit };
    timers: number;
    memory: {
        resident: number | null;
        total: number | null;
        allocated: number | null;
        processes: number | null;
        atoms: number | null;
        tables: number | null;
    };
    scheduler: { number: number; use: number | null; run_queue: number; dispatches: number }[];
    run_queue_global: number;
    threads: number;
    zombies: number;
    messages: number;
    messages_per_s: number | null;
    reductions: number;
    reductions_per_s: number | null;
    io: {
        in: number | null;
        out: number | null;
        in_per_s: number | null;
        out_per_s: number | null;
    };
    log_dropped: number;
    log_level: string;
    red: string[];
}

export interface LoadSample {
    time_ms: number;
    scheduler_use: (number | null)[];
    memory: { resident: number | null; processes: number | null; tables: number | null };
    processes: number;
    run_queue: number;
    messages_per_s: number | null;
    reductions_per_s: number | null;
    io_in_per_s: number | null;
    io_out_per_s: number | null;
}

export type Curve = (number | null)[];

export interface Load {
    interval_ms: number;
    time_ms: number[];
    scheduler_use: Curve[];
    memory: { resident: Curve; processes: Curve; tables: Curve };
    processes: Curve;
    run_queue: Curve;
    messages_per_s: Curve;
    reductions_per_s: Curve;
    io_in_per_s: Curve;
    io_out_per_s: Curve;
}

export interface SupervisorInfo {
    strategy: string;
    max_restarts: number;
    max_seconds: number;
    restarts: number;
    restarts_total: number;
    count: number;
    offset: number;
    children: TreeNode[] | null;
}

export interface TreeNode {
    pid: string | null;
    name: string | null;
    label: string | null;
    id: string | null;
    type: "supervisor" | "worker";
    restart: string | null;
    state: "running" | "restarting" | "stopped";
    next_start_ms?: number | null;
    status: string | null;
    module: string | null;
    queue: number | null;
    memory: number | null;
    supervisor: SupervisorInfo | Busy | null;
}

export interface Application {
    name: string;
    description: string;
    version: string;
    master: string | null;
    root: TreeNode | null;
}

export interface ProcessRow extends ProcessRef {
    initial_call: string | null;
    status: string;
    memory: number;
    queue: number;
    reductions: number;
    reductions_delta: number | null;
    current_function: string | null;
    scheduler: number | null;
    priority: string;
    trap_exit: boolean;
    suspended: boolean;
}

export interface ProcessList {
    count: number;
    matched: number;
    offset: number;
    interval_ms: number;
    processes: ProcessRow[];
}

export interface Frame {
    function: string | null;
    file: string | null;
    line: number | null;
    address?: string;
}

export interface LiveProcess extends Omit<ProcessRow, "reductions_delta"> {
    alive: true;
    module: string | null;
    stack_size: number;
    application: string | null;
    group_leader: ProcessRef | Busy | null;
    parent: ProcessRef | Busy | null;
    ancestors: ProcessRef[] | Busy;
    child_id: Term | null;
    links: ProcessRef[] | Busy;
    monitors: ProcessRef[] | Busy;
    monitored_by: ProcessRef[] | Busy;
    links_count: number | null;
    monitors_count: number | null;
    monitored_by_count: number | null;
    dictionary: { key: Term; value: Term }[] | Busy;
    tables: string[];
    stacktrace: Frame[] | Busy;
    events: TreeEvent[];
}

export interface DeadProcess {
    /* The last that is known. */
    state: Term | null;
    pid: string;
    alive: false;
    name: string | null;
    reason: Term | null;
    time_us: number | null;
    successor: string | null;
    crash: number | null;
    events: TreeEvent[];
}

export type ProcessInfo = LiveProcess | DeadProcess;

export interface ProcessState {
    /* Null for a process that has none that could be asked for. */
    state: Term | Busy | null;
    status: Term | null;
}

export interface ProcessMessages {
    count: number;
    messages: Term[] | Busy;
}

export interface Table {
    id: string;
    name: string;
    named: boolean;
    type: string;
    protection: string;
    size: number;
    memory: number;
    owner: ProcessRef;
    keypos: number;
    heir: ProcessRef | null;
    readable: boolean;
}

export interface TableList {
    count: number;
    matched: number;
    memory: number;
    tables: Table[];
}

export interface TableContents {
    table: Table;
    matched: number;
    offset: number;
    partial?: boolean;
    rows: { key: Term; elements: Term[] }[];
}

export interface Port {
    id: string;
    kind: string;
    /* Null while it is closed and its last bytes are sent. */
    owner: ProcessRef | null;
    local: string | null;
    remote: string | null;
    state: string;
    bytes_in: number | null;
    bytes_out: number | null;
    queue: number | null;
    os_pid: number | null;
    command: string | null;
    /* Of a program's pipe: stdin, stdout or stderr. */
    stream: string | null;
}

export interface PortList {
    count: number;
    matched: number;
    ports: Port[];
}

export interface CrashRow {
    number: number;
    time_us: number;
    kind: "exit" | "report";
    process: ProcessRef;
    application: string | null;
    /* Null for a report: its process went on. */
    reason: Term | null;
    words: string;
    successor: string | null;
}

export interface CrashList {
    next: number;
    lost: number;
    crashes: CrashRow[];
}

export interface Crash extends CrashRow {
    initial_call: string | null;
    ancestors: ProcessRef[];
    state: Term | null;
    messages: Term[];
    queue: number;
    links: ProcessRef[];
    report: string;
    stacktrace: Frame[];
    tree: TreeRow[];
}

export interface TreeRow {
    pid: string;
    name: string | null;
    supervisor: string | null;
    id: string | null;
    type: "supervisor" | "worker";
    since_us: number | null;
}

interface EventBase {
    number: number;
    time_us: number;
}

export interface StartEvent extends EventBase {
    event: "start";
    pid: string;
    name: string | null;
    supervisor: string | null;
    id: string | null;
    type: "supervisor" | "worker";
    replaces: string | null;
}

export interface ExitEvent extends EventBase {
    event: "exit";
    pid: string;
    name: string | null;
    reason: Term;
    abnormal: boolean;
}

export interface RestartEvent extends EventBase {
    event: "restart";
    pid: string;
    supervisor: string;
    id: string | null;
    restarts: number;
    max_restarts: number;
    delay_ms: number;
}

export interface GaveUpEvent extends EventBase {
    event: "gave_up";
    supervisor: string;
    id: string | null;
}

export type TreeEvent = StartEvent | ExitEvent | RestartEvent | GaveUpEvent;

export interface History {
    from_us: number;
    to_us: number;
    lost: number;
    next: number;
    events: TreeEvent[];
}

export interface HistoryTree {
    at_us: number;
    number: number;
    complete: boolean;
    tree: TreeRow[];
}

export interface Call {
    from: ProcessRef;
    to: ProcessRef;
    request: string;
    waited_ms: number;
    circle: boolean;
}

export interface Calls {
    calls: Call[];
    circles: string[][];
}

export interface TraceMessage {
    number: number;
    time_us: number;
    from: ProcessRef | null;
    to: ProcessRef;
    kind: "message" | "exit" | "down" | "timeout";
    term: Term;
}

export interface Trace {
    pids: string[];
    next: number;
    lost: number;
    messages: TraceMessage[];
}

export interface LogEvent {
    number: number;
    time_us: number;
    level: string;
    text: string;
    pid: string | null;
}

export interface Log {
    level: string;
    next: number;
    lost: number;
    events: LogEvent[];
}

/* What the stream of /api/events sends, by the event's name. */
export interface StreamEvents {
    hello: {
        node: string;
        time_us: number;
        tree: number;
        crashes: number;
        log: number;
        trace: number;
    };
    system: System;
    load: LoadSample;
    tree: { lost: number; events: TreeEvent[] };
    processes: {
        lost: number;
        count: number;
        events: (
            | {
                  event: "start";
                  pid: string;
                  name: string | null;
                  parent: string | null;
                  initial_call: string | null;
                  time_us: number;
              }
            | { event: "exit"; pid: string; reason: Term; time_us: number }
        )[];
    };
    crash: CrashRow;
    log: { lost: number; events: LogEvent[] };
    trace: { lost: number; messages: TraceMessage[] };
    calls: Calls;
}
