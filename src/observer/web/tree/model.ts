// SPDX-License-Identifier: Apache-2.0
/* The supervision tree as the page knows it: loaded once, kept in step by events, put right now
 * and then by loading it again. A node that has ended stays for a moment as a ghost, so that the
 * eye can follow what happened. */
import type { SupervisorInfo, TreeEvent, TreeNode, TreeRow } from "../data/types";

export interface Intensity {
    strategy: string;
    max: number;
    seconds: number;
    /* When the restarts within the window were, oldest first, on the page's clock. */
    restarts: number[];
    total: number;
}

export interface Node {
    key: string;
    kind: "application" | "supervisor" | "worker";
    pid: string | null;
    name: string | null;
    label: string | null;
    id: string | null;
    restart: string | null;
    state: "running" | "restarting" | "stopped";
    status: string | null;
    module: string | null;
    queue: number;
    memory: number;
    parent: Node | null;
    children: Node[];
    /* How many children it has in all; more than are loaded in a large supervisor. */
    count: number;
    intensity: Intensity | null;
    /* It did not answer when it was asked for its children. */
    busy: boolean;
    /* When it started (0: before we looked), on the page's clock. */
    born: number;
    /* It was started in the place of one that ended. */
    regrown: boolean;
    /* When it ended, 0 while it lives; and why. */
    ended: number;
    reason: string | null;
    /* When its backoff ends. */
    nextStart: number | null;
}

/* How long what is new or gone is marked. */
export const MARK_MS = 2500;
/* An answer may be older than an event that has already come; what is younger is left alone. */
const RACE_MS = 1500;
/* More children than these are not added by events; the count tells of them. */
const LOADED_MAX = 2000;
const GHOSTS_MAX = 12;

export function blankNode(key: string, kind: Node["kind"]): Node {
    return {
        key,
        kind,
        pid: null,
        name: null,
        label: null,
        id: null,
        restart: null,
        state: "running",
        status: null,
        module: null,
        queue: 0,
        memory: 0,
        parent: null,
        children: [],
        count: 0,
        intensity: null,
        busy: false,
        born: 0,
        regrown: false,
        ended: 0,
        reason: null,
        nextStart: null,
    };
}

/* What stands on a node. */
export function nodeTitle(node: Node): string {
    return node.name ?? node.label ?? node.pid ?? node.id ?? "–";
}

export class TreeModel {
    readonly root: Node;
    /* Supervisors whose static children have changed: what became of them must be asked for. */
    readonly stale = new Set<string>();
    /* The top of the application has been replaced. */
    rootLost = false;
    private readonly byPid = new Map<string, Node>();
    private ghosts = new Set<Node>();

    /* With `whole` the root stands for all applications, and each one's top is its child. */
    constructor(
        readonly application: string,
        private readonly whole = false,
    ) {
        this.root = blankNode("application", "application");
        this.root.name = application;
        this.root.label = whole ? "everything" : "application";
    }

    /* The tree of a moment, as the history and the crashes tell it. */
    static ofRows(rows: readonly TreeRow[], title: string): TreeModel {
        const model = new TreeModel(title, true);
        for (const row of rows) {
            const node = blankNode(row.pid, row.type);
            node.pid = row.pid;
            node.name = row.name;
            node.id = row.id;
            const parent = (row.supervisor && model.find(row.supervisor)) || model.root;
            parent.count++;
            model.insert(parent, node, parent.children.length);
        }
        return model;
    }

    find(pid: string): Node | undefined {
        return this.byPid.get(pid);
    }

    /* The number of processes that are known. */
    get size(): number {
        return this.byPid.size - this.ghosts.size;
    }

    /* Puts the model right by an answer of the node; the first one marks nothing as new. */
    load(top: TreeNode | null, now: number, first: boolean): void {
        this.rootLost = false;
        this.mergeChildren(this.root, top ? [top] : [], true, now, first);
        this.root.count = top ? 1 : 0;
    }

    /* Puts one supervisor right. */
    loadPart(fresh: TreeNode, now: number): void {
        const node = fresh.pid === null ? undefined : this.find(fresh.pid);
        if (node && !node.ended) this.merge(node, fresh, now, false);
    }

    /* Adds further children of a large supervisor. */
    loadMore(pid: string, more: readonly TreeNode[], now: number): void {
        const node = this.find(pid);
        if (!node) return;
        for (const fresh of more) {
            if (fresh.pid === null || !this.find(fresh.pid)) this.addFresh(node, fresh, now, true);
        }
    }

    apply(event: TreeEvent, now: number): void {
        if (event.event === "start") this.applyStart(event, now);
        else if (event.event === "exit") this.end(event.pid, event.reason.text, now);
        else if (event.event === "restart") this.applyRestart(event, now);
    }

    /* Takes ghosts away whose time is over; true if something is still marked. */
    expire(now: number): boolean {
        for (const ghost of this.ghosts) {
            if (now - ghost.ended > MARK_MS) this.bury(ghost);
        }
        return this.ghosts.size > 0;
    }

    private applyStart(event: TreeEvent & { event: "start" }, now: number): void {
        if (event.supervisor === null && event.id === this.application) this.rootLost = true;
        const top = this.whole ? this.root : undefined;
        const parent = event.supervisor === null ? top : this.find(event.supervisor);
        const known = this.find(event.pid);
        if (!parent || (known && !known.ended)) return;
        parent.count++;
        if (parent.children.length >= LOADED_MAX) return;
        const node = blankNode(event.pid, event.type);
        node.pid = event.pid;
        node.name = event.name;
        node.id = event.id;
        node.born = now;
        node.regrown = event.replaces !== null;
        if (event.id !== null && parent.pid !== null) this.stale.add(parent.pid);
        if (event.type === "supervisor") this.stale.add(event.pid);
        this.insert(parent, node, this.placeOf(parent, event.id, event.replaces));
    }

    /* A child that grows back takes the place of the former one. */
    private placeOf(parent: Node, id: string | null, replaces: string | null): number {
        const waiting = parent.children.findIndex(
            (child) => child.pid === null && id !== null && child.id === id,
        );
        if (waiting >= 0) {
            parent.count--;
            parent.children.splice(waiting, 1);
            return waiting;
        }
        const former = replaces === null ? undefined : this.find(replaces);
        const at = former ? parent.children.indexOf(former) : -1;
        return at < 0 ? parent.children.length : at + 1;
    }

    private applyRestart(event: TreeEvent & { event: "restart" }, now: number): void {
        const parent = this.find(event.supervisor);
        if (!parent) return;
        if (parent.intensity) {
            parent.intensity.restarts.push(now);
            parent.intensity.restarts.splice(0, parent.intensity.restarts.length - 50);
            parent.intensity.total++;
        }
        if (event.delay_ms <= 0) return;
        const former = this.find(event.pid);
        const node = blankNode(`${parent.key}/${event.id ?? event.pid}`, former?.kind ?? "worker");
        node.id = event.id;
        node.name = former?.name ?? null;
        node.state = "restarting";
        node.nextStart = now + event.delay_ms;
        parent.count++;
        const at = former ? parent.children.indexOf(former) : -1;
        this.insert(parent, node, at < 0 ? parent.children.length : at + 1);
    }

    private insert(parent: Node, node: Node, at: number): void {
        node.parent = parent;
        parent.children.splice(at, 0, node);
        if (node.pid !== null) this.byPid.set(node.pid, node);
    }

    private end(pid: string, reason: string | null, now: number): void {
        const node = this.find(pid);
        if (!node || node.ended) return;
        node.ended = now;
        node.reason = reason;
        this.ghosts.add(node);
        const parent = node.parent;
        if (parent) {
            parent.count = Math.max(0, parent.count - 1);
            if (node.id !== null && parent.pid !== null) this.stale.add(parent.pid);
            this.limitGhosts(parent);
        }
        for (const child of node.children) if (child.pid) this.end(child.pid, null, now);
    }

    /* Where many end at once, only the latest leave a mark. */
    private limitGhosts(parent: Node): void {
        const ghosts = parent.children.filter((child) => child.ended);
        for (const ghost of ghosts.slice(0, Math.max(0, ghosts.length - GHOSTS_MAX))) {
            this.bury(ghost);
        }
    }

    private bury(node: Node): void {
        this.ghosts.delete(node);
        if (node.pid !== null && this.byPid.get(node.pid) === node) this.byPid.delete(node.pid);
        const siblings = node.parent?.children;
        const at = siblings ? siblings.indexOf(node) : -1;
        if (at >= 0) siblings?.splice(at, 1);
        for (const child of [...node.children]) this.bury(child);
    }

    /* Forgets a child that never ran in what we saw (a placeholder). */
    private forget(node: Node): void {
        const at = node.parent?.children.indexOf(node) ?? -1;
        if (at >= 0) node.parent?.children.splice(at, 1);
    }

    private merge(node: Node, fresh: TreeNode, now: number, first: boolean): void {
        node.kind = fresh.type;
        node.name = fresh.name;
        node.label = fresh.label;
        node.id = fresh.id;
        node.restart = fresh.restart;
        node.state = fresh.state;
        node.status = fresh.status;
        node.module = fresh.module;
        node.queue = fresh.queue ?? 0;
        node.memory = fresh.memory ?? 0;
        const next = fresh.next_start_ms ?? null;
        node.nextStart = next === null ? null : now + next;
        node.busy = fresh.supervisor === "busy";
        if (fresh.supervisor === null || fresh.supervisor === "busy") return;
        this.mergeIntensity(node, fresh.supervisor, now);
        node.count = fresh.supervisor.count;
        const { children, count, offset } = fresh.supervisor;
        if (children) {
            const all = offset === 0 && children.length === count;
            this.mergeChildren(node, children, all, now, first);
        }
    }

    /* The answer tells how many restarts lie in the window, not when; the late ones are the
     * likelier, and the next answer is a few seconds away. */
    private mergeIntensity(node: Node, info: SupervisorInfo, now: number): void {
        const { strategy, max_restarts, max_seconds, restarts, restarts_total } = info;
        const known = node.intensity?.restarts ?? [];
        const recent = known.slice(Math.max(0, known.length - restarts));
        while (recent.length < restarts) recent.push(now);
        node.intensity = {
            strategy,
            max: max_restarts,
            seconds: max_seconds,
            restarts: recent,
            total: restarts_total,
        };
    }

    private mergeChildren(
        parent: Node,
        fresh: readonly TreeNode[],
        all: boolean,
        now: number,
        first: boolean,
    ): void {
        const order = new Map<string, number>();
        fresh.forEach((child, i) => order.set(keyOf(parent, child), i));
        for (const child of [...parent.children]) {
            if (child.ended || order.has(child.key)) continue;
            if (child.pid === null) this.forget(child);
            else if (all && now - child.born > RACE_MS) this.end(child.pid, null, now);
        }
        for (const child of fresh) {
            const known = parent.children.find((one) => one.key === keyOf(parent, child));
            if (!known) this.addFresh(parent, child, now, first);
            else if (!known.ended) this.merge(known, child, now, first);
        }
        const place = (child: Node): number => order.get(child.key) ?? -1;
        const sorted = parent.children.every(
            (child, i, list) => i === 0 || place(child) < 0 || place(child) > place(list[i - 1]!),
        );
        if (all && !sorted) sortKeepingOthers(parent.children, place);
    }

    private addFresh(parent: Node, fresh: TreeNode, now: number, first: boolean): void {
        const node = blankNode(keyOf(parent, fresh), fresh.type);
        node.pid = fresh.pid;
        node.born = first ? 0 : now;
        this.insert(parent, node, parent.children.length);
        this.merge(node, fresh, now, first);
    }
}

function keyOf(parent: Node, child: TreeNode): string {
    return child.pid ?? `${parent.key}/${child.id}`;
}

/* Sorts the items that have a place; the others (ghosts) stay behind the one they stood behind. */
function sortKeepingOthers(list: Node[], place: (node: Node) => number): void {
    let last = -1;
    const keys = new Map<Node, number>();
    for (const node of list) {
        const at = place(node);
        if (at >= 0) last = at;
        keys.set(node, at >= 0 ? at : last + 0.5);
    }
    list.sort((a, b) => keys.get(a)! - keys.get(b)!);
}
