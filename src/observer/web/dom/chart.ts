// SPDX-License-Identifier: Apache-2.0
/* A live chart: uPlot in our colours, as wide as its place. */
import uPlot from "uplot";
import { colour, onTheme } from "../app/theme";
import { clock, roundUp } from "../data/format";
import { h } from "./element";

export interface Curve {
    label: string;
    /* A colour of styles/tokens.css. */
    colour: string;
    fill?: boolean;
    dashed?: boolean;
}

export interface ChartOptions {
    title: string;
    curves: readonly Curve[];
    /* How a value reads. */
    unit: (value: number) => string;
    /* Ticks at multiples of 1024, for bytes. */
    binary?: boolean;
    /* The least that the axis reaches up to. */
    least?: number;
    height?: number;
}

const BINARY_STEPS = Array.from({ length: 50 }, (_, i) => 2 ** i);

export class Chart {
    readonly element: HTMLElement;
    private readonly place: HTMLElement;
    private plot: uPlot | null = null;
    private data: uPlot.AlignedData;

    constructor(
        private readonly options: ChartOptions,
        private readonly signal: AbortSignal,
    ) {
        this.data = [[], ...options.curves.map(() => [])] as uPlot.AlignedData;
        this.place = h("div", { class: "chart-place", attrs: { "aria-hidden": "true" } });
        this.element = h("section", "card chart", h("h2", null, options.title), this.place);
        const resized = new ResizeObserver(() => this.resize());
        resized.observe(this.place);
        signal.addEventListener("abort", () => {
            resized.disconnect();
            this.plot?.destroy();
        });
        onTheme(signal, () => this.build());
    }

    /* Shows these values; the first array is the time in seconds. */
    set(data: uPlot.AlignedData, from: number, to: number): void {
        this.data = data;
        if (!this.plot) this.build();
        this.plot?.batch(() => {
            this.plot?.setData(data, false);
            this.plot?.setScale("x", { min: from, max: to });
        });
        this.showLatest();
    }

    /* Without a pointer on the chart the legend tells the latest values. */
    private showLatest(): void {
        const { plot } = this;
        if (plot && (plot.cursor.left ?? -1) < 0) plot.setLegend({ idx: this.data[0].length - 1 });
    }

    private size(): { width: number; height: number } {
        return { width: this.place.clientWidth, height: this.options.height ?? 180 };
    }

    private resize(): void {
        if (this.plot && this.plot.width !== this.size().width) this.plot.setSize(this.size());
    }

    private series(): uPlot.Series[] {
        const { curves, unit } = this.options;
        return curves.map((curve) => ({
            label: curve.label,
            stroke: colour(curve.colour),
            width: 1.5,
            points: { show: false },
            value: (_plot: uPlot, value: number | null) => (value === null ? "–" : unit(value)),
            ...(curve.fill ? { fill: `${colour(curve.colour)}22` } : {}),
            ...(curve.dashed ? { dash: [4, 4] } : {}),
        }));
    }

    private axes(): uPlot.Axis[] {
        const line = { stroke: colour("line-soft"), width: 1 };
        const common = {
            stroke: colour("ink-soft"),
            font: "11px system-ui",
            grid: line,
            ticks: line,
        };
        return [
            {
                ...common,
                space: 90,
                size: 28,
                values: (_plot, ticks) => ticks.map((t) => clock(t * 1000, false)),
            },
            {
                ...common,
                size: 76,
                ...(this.options.binary ? { incrs: BINARY_STEPS } : {}),
                space: 34,
                values: (_plot, ticks) => ticks.map((t) => this.options.unit(t)),
            },
        ];
    }

    private build(): void {
        if (this.signal.aborted || this.place.clientWidth === 0) return;
        this.plot?.destroy();
        const least = this.options.least ?? 0;
        this.plot = new uPlot(
            {
                ...this.size(),
                legend: { live: true },
                cursor: { y: false, points: { size: 6 } },
                scales: {
                    x: { time: true, auto: false },
                    y: {
                        range: (_plot, _min, max) => [
                            0,
                            Math.max(least, roundUp(max ?? 0, this.options.binary)),
                        ],
                    },
                },
                series: [
                    {
                        label: "time",
                        value: (_p, t: number | null) => (t ? clock(t * 1000, false) : "–"),
                    },
                    ...this.series(),
                ],
                axes: this.axes(),
            },
            this.data,
            this.place,
        );
    }
}
