// SPDX-License-Identifier: Apache-2.0
/* Where in the history the viewer is, and how it goes on from there: a moment, the tree as it stood
 * then, and events that are applied one after the other at a pace that the eye can follow. */
import { get } from "../data/api";
import type { History, HistoryTree, TreeEvent } from "../data/types";
import { TreeModel } from "../tree/model";

/* Where nothing happens for longer than this, replay goes straight to shortly before what comes. */
const GAP_US = 1_500_000;
const LEAD_US = 300_000;
const EVENTS_MAX = 20_000;
/* More events than these are not applied one after the other. */
const STEP_MAX = 500;

export class Player {
    events: TreeEvent[] = [];
    /* What the node remembers, once it has been asked: from when until when. */
    loaded = false;
    from = 0;
    to = 0;
    lost = 0;
    model = new TreeModel("the node", true);
    /* The moment that is shown; null is now. */
    at: number | null = null;
    /* The tree does not reach back to this moment in full. */
    complete = true;
    playing = false;
    speed = 1;
    /* How many of the events have happened at the moment that is shown. */
    position = 0;
    /* The latest moment that was asked for: shown already, or still on its way. */
    wanted: number | null = null;
    /* How many questions were asked: an answer to an older one is not shown. */
    private asked = 0;

    constructor(
        private readonly changed: () => void,
        private readonly failed: (error: unknown) => void,
        private readonly signal: AbortSignal,
    ) {}

    /* Loads the events that the node remembers, then shows `at`, or what was asked for since. */
    async load(at: number | null = this.wanted): Promise<void> {
        this.ask(at);
        try {
            const history = await get<History>(`/api/history?limit=${EVENTS_MAX}`, this.signal);
            this.events = history.events;
            this.from = history.from_us;
            this.to = history.to_us;
            this.lost = history.lost;
            this.loaded = true;
            const { wanted, from, to } = this;
            await this.show(wanted === null ? null : Math.max(from, Math.min(to, wanted)));
        } catch (error) {
            this.failed(error);
        }
    }

    /* Takes in what has just happened. */
    append(events: readonly TreeEvent[]): void {
        const last = this.events.at(-1)?.number ?? -1;
        const fresh = events.filter((event) => event.number > last);
        this.events.push(...fresh);
        this.events.splice(0, Math.max(0, this.events.length - EVENTS_MAX));
        this.to = Math.max(this.to, this.events.at(-1)?.time_us ?? 0);
        if (this.at === null) {
            const now = performance.now();
            for (const event of fresh) this.model.apply(event, now);
            this.position = this.events.length;
        }
        this.changed();
    }

    /* Shows the tree as it stood at a moment (null: now). Only the latest question counts; one that
     * comes before the events are known waits for them. */
    async show(at: number | null): Promise<void> {
        const turn = this.ask(at);
        if (!this.loaded) return;
        const moment = at ?? this.to;
        try {
            const path = `/api/history/tree?at_us=${Math.round(moment)}`;
            const answer = await get<HistoryTree>(path, this.signal);
            if (turn !== this.asked) return;
            this.at = at;
            this.model = TreeModel.ofRows(answer.tree, "the node");
            this.complete = answer.complete;
            this.position = this.countUntil(moment);
        } catch (error) {
            if (turn === this.asked) this.wanted = this.at;
            this.failed(error);
        }
        this.changed();
    }

    /* One event on or back: the tree just after the next one, or just before the last. Resolves
     * with that event, or with undefined where there is none. */
    async step(
        direction: 1 | -1,
        like: (event: TreeEvent) => boolean,
    ): Promise<TreeEvent | undefined> {
        this.playing = false;
        return direction === 1 ? this.stepOn(like) : this.stepBack(like);
    }

    private async stepOn(like: (event: TreeEvent) => boolean): Promise<TreeEvent | undefined> {
        const index = this.events.findIndex((e, i) => i >= this.position && like(e));
        const next = this.events[index];
        if (!next) {
            await this.show(null);
        } else if (index - this.position > STEP_MAX) {
            await this.show(next.time_us);
        } else {
            this.ask(next.time_us);
            this.applyUntil(index + 1);
            this.at = next.time_us;
            this.changed();
        }
        return next;
    }

    private async stepBack(like: (event: TreeEvent) => boolean): Promise<TreeEvent | undefined> {
        const last = this.events.findLast((e, i) => i < this.position && like(e));
        if (last) await this.show(last.time_us - 1);
        return last;
    }

    /* Goes on by `ms` of the viewer's time; false when it has arrived at now. */
    advance(ms: number): boolean {
        if (!this.playing || this.at === null) return false;
        this.at += ms * 1000 * this.speed;
        const next = this.events[this.position];
        if (next && next.time_us - this.at > GAP_US) this.at = next.time_us - LEAD_US;
        this.wanted = this.at;
        this.applyUntil(this.countUntil(this.at));
        if (!next) {
            this.playing = false;
            void this.show(null);
        }
        this.changed();
        return this.playing;
    }

    private ask(at: number | null): number {
        this.wanted = at;
        return ++this.asked;
    }

    private applyUntil(position: number): void {
        const now = performance.now();
        for (; this.position < position; this.position++) {
            this.model.apply(this.events[this.position]!, now);
        }
    }

    /* How many events are not after the moment: they are in the order of time. */
    private countUntil(moment: number): number {
        let low = 0;
        let high = this.events.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.events[middle]!.time_us <= moment) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
