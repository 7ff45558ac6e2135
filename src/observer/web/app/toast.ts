// SPDX-License-Identifier: Apache-2.0
/* Short news in the corner, read aloud by screen readers: what an action has done, what failed. */
import { h } from "../dom/element";

const region = h("div", { class: "toasts", attrs: { role: "status", "aria-live": "polite" } });

export function toastRegion(): HTMLElement {
    return region;
}

export function toast(text: string, kind: "ok" | "bad" = "ok"): void {
    const note = h("div", `toast ${kind}`, text);
    region.append(note);
    window.setTimeout(() => note.remove(), kind === "bad" ? 8000 : 4000);
}
