// SPDX-License-Identifier: Apache-2.0
/* Questions: the browser's own modal dialog, which keeps the focus inside and closes on Escape. */
import { h } from "../dom/element";

export interface Question {
    title: string;
    /* What will happen, in a sentence. */
    text?: string;
    /* The field's label; without one there is nothing to type. */
    label?: string;
    value?: string;
    /* Values offered below the field. */
    offers?: readonly string[];
    confirm: string;
    danger?: boolean;
}

let nextId = 0;

function offersOf(question: Question, field: HTMLInputElement): HTMLElement | null {
    if (!question.offers) return null;
    const buttons = question.offers.map((offer) =>
        h(
            "button",
            {
                class: "chip",
                attrs: { type: "button" },
                on: {
                    click: () => {
                        field.value = offer;
                        field.focus();
                    },
                },
            },
            offer,
        ),
    );
    return h("div", "chips", ...buttons);
}

/* Shows a dialog with a heading; resolves with the value it was closed with ("" for Escape). */
function show(dialog: HTMLDialogElement): Promise<string> {
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(dialog.returnValue);
        });
    });
}

/* Resolves with what was typed ("" without a field), or null when the viewer thinks better. */
export async function ask(question: Question): Promise<string | null> {
    const id = `dialog-${nextId++}`;
    const field = h("input", {
        class: "field mono",
        attrs: { id: `${id}-field`, spellcheck: "false", autocomplete: "off", autofocus: true },
    });
    field.value = question.value ?? "";
    const form = h(
        "form",
        { attrs: { method: "dialog" } },
        h("h2", { attrs: { id } }, question.title),
        question.text ? h("p", "dialog-text", question.text) : null,
        question.label ? h("label", { attrs: { for: `${id}-field` } }, question.label) : null,
        question.label ? field : null,
        offersOf(question, field),
        h(
            "div",
            "dialog-buttons",
            h("button", { class: "button", attrs: { type: "button", value: "" } }, "Cancel"),
            h(
                "button",
                {
                    class: question.danger ? "button danger" : "button primary",
                    attrs: { type: "submit", value: "yes" },
                },
                question.confirm,
            ),
        ),
    );
    const dialog = h("dialog", { class: "dialog", attrs: { "aria-labelledby": id } }, form);
    form.querySelector("button[value='']")?.addEventListener("click", () => dialog.close(""));
    const answer = show(dialog);
    if (question.label) field.select();
    return (await answer) === "yes" ? field.value : null;
}

/* Shows something to read. */
export async function tell(title: string, ...content: Node[]): Promise<void> {
    const id = `dialog-${nextId++}`;
    const dialog = h(
        "dialog",
        { class: "dialog wide", attrs: { "aria-labelledby": id } },
        h(
            "form",
            { attrs: { method: "dialog" } },
            h("h2", { attrs: { id } }, title),
            ...content,
            h(
                "div",
                "dialog-buttons",
                h("button", { class: "button primary", attrs: { autofocus: true } }, "Close"),
            ),
        ),
    );
    await show(dialog);
}
