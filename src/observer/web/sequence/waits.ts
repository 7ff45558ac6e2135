// SPDX-License-Identifier: Apache-2.0
/* Who waits for whom: pending calls as a graph, those that wait in a circle in red. The same is
 * said in a list, which is what screen readers read. */
import { nameOf, notice, processLink } from "../app/controls";
import { duration, plural } from "../data/format";
import type { Call, Calls, ProcessRef } from "../data/types";
import { h, s, setText } from "../dom/element";

const RADIUS = 150;
const BOX = { width: 168, height: 30 };

interface Place {
    process: ProcessRef;
    x: number;
    y: number;
}

/* Everybody who calls or is called, around a ring, those of a circle next to each other. */
function placesOf(calls: Calls): Map<string, Place> {
    const all = new Map<string, ProcessRef>();
    for (const { from, to } of calls.calls) {
        all.set(from.pid, from);
        all.set(to.pid, to);
    }
    const inCircles = calls.circles.flat();
    const order = [...new Set([...inCircles, ...all.keys()])].filter((pid) => all.has(pid));
    const radius = Math.max(RADIUS, (order.length * 70) / Math.PI);
    return new Map(
        order.map((pid, i) => {
            const angle = (2 * Math.PI * i) / order.length - Math.PI / 2;
            const x = Math.cos(angle) * radius * 1.5;
            return [pid, { process: all.get(pid)!, x, y: Math.sin(angle) * radius }] as const;
        }),
    );
}

/* From box to box, bent to the left of its direction, so that two calls against each other show. */
function path(a: Place, b: Place): string {
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const length = Math.hypot(dx, dy) || 1;
    const cut = (p: Place, sign: number): [number, number] => {
        const k = Math.min(
            Math.abs(dx) > 1 ? (BOX.width / 2 + 6) / Math.abs(dx) : Infinity,
            Math.abs(dy) > 1 ? (BOX.height / 2 + 6) / Math.abs(dy) : Infinity,
        );
        return [p.x + sign * dx * Math.min(k, 0.45), p.y + sign * dy * Math.min(k, 0.45)];
    };
    const [x1, y1] = cut(a, 1);
    const [x2, y2] = cut(b, -1);
    const mx = (x1 + x2) / 2 + (dy / length) * 34;
    const my = (y1 + y2) / 2 - (dx / length) * 34;
    return `M${x1} ${y1}Q${mx} ${my} ${x2} ${y2}`;
}

function box(place: Place, red: boolean): SVGGElement {
    const words = nameOf(place.process);
    const text = words.length > 21 ? `${words.slice(0, 20)}…` : words;
    return s(
        "g",
        { class: red ? "wait-box red" : "wait-box" },
        s("rect", {
            x: place.x - BOX.width / 2,
            y: place.y - BOX.height / 2,
            width: BOX.width,
            height: BOX.height,
            rx: 8,
        }),
        s("text", { x: place.x, y: place.y + 4, "text-anchor": "middle" }, text),
    );
}

function marker(id: string): SVGMarkerElement {
    const shape = s("path", { d: "M0 0L8 4L0 8z" });
    const size = { markerWidth: 8, markerHeight: 8, refX: 7, refY: 4, orient: "auto" };
    return s("marker", { id, viewBox: "0 0 8 8", ...size }, shape);
}

function drawing(calls: Calls): SVGSVGElement {
    const places = placesOf(calls);
    const red = new Set(calls.circles.flat());
    const edges = calls.calls.map((call) =>
        s("path", {
            class: call.circle ? "wait-edge red" : "wait-edge",
            d: path(places.get(call.from.pid)!, places.get(call.to.pid)!),
            "marker-end": call.circle ? "url(#wait-tip-red)" : "url(#wait-tip)",
        }),
    );
    const boxes = [...places.values()].map((place) => box(place, red.has(place.process.pid)));
    const xs = [...places.values()].map((place) => place.x);
    const ys = [...places.values()].map((place) => place.y);
    const left = Math.min(...xs) - BOX.width / 2 - 20;
    const top = Math.min(...ys) - BOX.height / 2 - 20;
    const width = Math.max(...xs) + BOX.width / 2 + 20 - left;
    const height = Math.max(...ys) + BOX.height / 2 + 20 - top;
    return s(
        "svg",
        {
            class: "waits-drawing",
            viewBox: `${left} ${top} ${width} ${height}`,
            width,
            height,
            "aria-hidden": "true",
        },
        s("defs", {}, marker("wait-tip"), marker("wait-tip-red")),
        ...edges,
        ...boxes,
    );
}

function line(call: Call): HTMLElement {
    return h(
        "li",
        call.circle ? "wait-line red" : "wait-line",
        processLink(call.from),
        h("span", "soft", "waits for"),
        processLink(call.to),
        h("code", null, call.request),
        h("span", "wait-time", duration(call.waited_ms)),
    );
}

export class WaitsGraph {
    private readonly picture = h("div", "waits-picture");
    private readonly words = h("p", { class: "waits-words", attrs: { role: "status" } });
    private readonly list = h("ul", "waits-list");
    readonly element = h("div", "waits", this.words, this.picture, this.list);

    render(calls: Calls): void {
        const circles = calls.circles.length;
        this.words.hidden = calls.calls.length === 0;
        this.words.classList.toggle("red", circles > 0);
        setText(
            this.words,
            circles > 0
                ? `${plural(circles, "circle")} of calls that wait for each other`
                : plural(calls.calls.length, "call") + " waiting, no circle",
        );
        if (calls.calls.length === 0) {
            this.picture.replaceChildren(notice("No call waits: each was answered within 100 ms."));
            this.list.replaceChildren();
            return;
        }
        this.picture.replaceChildren(drawing(calls));
        const sorted = calls.calls.toSorted((a, b) => b.waited_ms - a.waited_ms);
        this.list.replaceChildren(...sorted.map(line));
    }
}
