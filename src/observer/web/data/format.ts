// SPDX-License-Identifier: Apache-2.0
/* How numbers read: bytes, counts, times. Everything in one place, so that the same figure looks
 * the same on each page. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/* A unit is used from 10 of it on, without a fraction: 9216 KiB, 10 MiB (OBS-06). */
export function bytes(n: number | null): string {
    if (n === null) return "–";
    let unit = 0;
    let value = n;
    while (value >= 10 * 1024 && unit < UNITS.length - 1) {
        value /= 1024;
        unit++;
    }
    return `${Math.round(value)} ${UNITS[unit]}`;
}

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/* 1 234 567 with narrow spaces. */
export function count(n: number): string {
    return grouped.format(n).replaceAll(",", "\u202f");
}

/* 950, 12.3 k, 4.56 M: for axes and narrow places. */
export function short(n: number): string {
    const size = Math.abs(n);
    if (size < 1000) return String(Math.round(n * 10) / 10);
    if (size < 1e6) return `${trim(n / 1e3)} k`;
    if (size < 1e9) return `${trim(n / 1e6)} M`;
    return `${trim(n / 1e9)} G`;
}

function trim(n: number): string {
    return Math.abs(n) >= 100 ? n.toFixed(0) : n.toFixed(1).replace(/\.0$/, "");
}

export function percent(part: number, whole: number): string {
    if (whole <= 0) return "0 %";
    const p = (100 * part) / whole;
    return p > 0 && p < 0.1 ? "< 0.1 %" : `${p < 10 ? trim(p) : Math.round(p)} %`;
}

/* 3 d 4 h, 12 min 5 s, 840 ms: the two largest units. */
export function duration(ms: number): string {
    if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
    const total = Math.floor(ms / 1000);
    const units: [number, string][] = [
        [Math.floor(total / 86400), "d"],
        [Math.floor(total / 3600) % 24, "h"],
        [Math.floor(total / 60) % 60, "min"],
        [total % 60, "s"],
    ];
    const first = units.findIndex(([n]) => n > 0);
    return units
        .slice(first, first + 2)
        .filter(([n], i) => i === 0 || n > 0)
        .map(([n, unit]) => `${n} ${unit}`)
        .join(" ");
}

const two = (n: number): string => String(n).padStart(2, "0");

/* 14:03:07.250 of the viewer's day; `at` in milliseconds since 1970. */
export function clock(at: number, millis = true): string {
    const d = new Date(at);
    const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
    return millis ? `${time}.${String(d.getMilliseconds()).padStart(3, "0")}` : time;
}

/* 2026-11-21 14:03:07 */
export function date(at: number): string {
    const d = new Date(at);
    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(at, false)}`;
}

export function ago(ms: number): string {
    return ms < 1500 ? "just now" : `${duration(ms)} ago`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
    return `${count(n)} ${n === 1 ? one : many}`;
}

/* Where the axis of a chart ends: a round number, not below the largest that is drawn (OBS-15). */
export function roundUp(value: number, binary = false): number {
    if (value <= 0) return 1;
    if (binary) return 2 ** Math.ceil(Math.log2(value));
    const size = 10 ** Math.floor(Math.log10(value));
    const step = [1, 2, 2.5, 5, 10].find((s) => s * size >= value) ?? 10;
    return step * size;
}
