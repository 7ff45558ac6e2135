// SPDX-License-Identifier: Apache-2.0
/* Drawing at the pace of the screen: however often data changes, a page draws at most once a
 * frame, and a costly picture at most once in `least` milliseconds. */

export class Redraw {
    private asked = false;
    private last = -Infinity;
    private timer = 0;

    constructor(
        private readonly draw: () => void,
        signal: AbortSignal,
        private readonly least = 0,
    ) {
        signal.addEventListener("abort", () => {
            this.asked = true;
            clearTimeout(this.timer);
        });
    }

    /* Draws in the next frame (or, when it has just drawn, once `least` has passed). */
    ask(): void {
        if (this.asked) return;
        this.asked = true;
        const wait = this.last + this.least - performance.now();
        if (wait > 4) this.timer = window.setTimeout(() => this.inFrame(), wait);
        else this.inFrame();
    }

    private inFrame(): void {
        requestAnimationFrame((now) => {
            this.asked = false;
            this.last = now;
            this.draw();
        });
    }
}

/* Calls `fn` every `ms` until the page goes; never while the tab is hidden. */
export function every(ms: number, signal: AbortSignal, fn: () => void): void {
    const timer = window.setInterval(() => {
        if (!document.hidden) fn();
    }, ms);
    signal.addEventListener("abort", () => clearInterval(timer));
}
