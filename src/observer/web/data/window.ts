// SPDX-License-Identifier: Apache-2.0
/* Rows of a long list of which only a window is fetched: the node sorts and filters, the page asks
 * for what is in sight. One question at a time; while an answer is on its way the old rows stay. */

export interface Part<Row> {
    matched: number;
    rows: Row[];
}

const AROUND = 60;
const LIMIT = 1000;

export class WindowSource<Row> {
    /* How many rows there are in all. */
    matched = 0;
    private offset = 0;
    private rows: Row[] = [];
    private from = 0;
    private to = 0;
    private busy = false;
    private again = false;
    private version = 0;

    constructor(
        private readonly fetch: (offset: number, limit: number) => Promise<Part<Row>>,
        private readonly changed: () => void,
        private readonly failed: (error: unknown) => void,
    ) {}

    row(index: number): Row | undefined {
        return this.rows[index - this.offset];
    }

    /* These rows have come into sight. */
    sight(from: number, to: number): void {
        this.from = from;
        this.to = to;
        const held = from >= this.offset && to <= this.offset + this.rows.length;
        if (!held && to > from) this.refresh();
    }

    /* Another question: what is held answers the former one. */
    reset(): void {
        this.version++;
        this.from = 0;
        this.to = 0;
        this.refresh();
    }

    refresh(): void {
        if (this.busy) this.again = true;
        else void this.load();
    }

    private async load(): Promise<void> {
        this.busy = true;
        this.again = false;
        const version = this.version;
        const offset = Math.max(0, this.from - AROUND);
        const limit = Math.min(LIMIT, Math.max(this.to, this.from + 60) + AROUND - offset);
        try {
            const part = await this.fetch(offset, limit);
            if (version === this.version) {
                this.offset = offset;
                this.rows = part.rows;
                this.matched = part.matched;
                this.changed();
            }
        } catch (error) {
            this.failed(error);
        }
        this.busy = false;
        if (this.again || version !== this.version) this.refresh();
    }
}
