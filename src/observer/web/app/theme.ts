// SPDX-License-Identifier: Apache-2.0
/* Light, dark, or as the system says. Kept in the viewer's browser. */

export type Theme = "auto" | "light" | "dark";

const KEY = "observer.theme";
const listeners = new Set<() => void>();
const system = window.matchMedia("(prefers-color-scheme: dark)");

export function theme(): Theme {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "auto";
}

function apply(): void {
    const chosen = theme();
    const dark = chosen === "dark" || (chosen === "auto" && system.matches);
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
    for (const listener of listeners) listener();
}

export function setTheme(value: Theme): void {
    if (value === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, value);
    apply();
}

/* Calls `listener` after each change of the colours. */
export function onTheme(signal: AbortSignal, listener: () => void): void {
    listeners.add(listener);
    signal.addEventListener("abort", () => listeners.delete(listener));
}

/* The value of a colour of styles/tokens.css, for drawings that cannot use CSS. */
export function colour(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

system.addEventListener("change", apply);
apply();
