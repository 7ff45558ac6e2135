// SPDX-License-Identifier: Apache-2.0
/* One crash: why, what the process had, and the tree at that moment. */
import { card, Facts, nameOf, notice, processLink, termText } from "../app/controls";
import { type PageFn, processUrl } from "../app/page";
import { get, wordsOf } from "../data/api";
import { count, date } from "../data/format";
import { listen } from "../data/live";
import type { Crash } from "../data/types";
import { h, icon } from "../dom/element";
import { TreeModel } from "../tree/model";
import { TreeView } from "../tree/view";
import { frameList } from "./parts";

function factsOf(crash: Crash): HTMLElement {
    const facts = new Facts();
    facts.set("Process", processLink(crash.process));
    facts.set("Time", date(crash.time_us / 1000));
    facts.set("Application", crash.application ?? "–");
    facts.set("Initial call", crash.initial_call ?? "–");
    const list = (all: Crash["links"]): Node | string =>
        all.length ? h("span", "link-row", ...all.map(processLink)) : "–";
    facts.set("Ancestors", list(crash.ancestors));
    facts.set("Links", list(crash.links));
    facts.set("Queue", count(crash.queue));
    return facts.element;
}

/* The same tree as on the page of the applications, as it stood then. */
function treeThen(crash: Crash): HTMLElement {
    const model = TreeModel.ofRows(crash.tree, "the node");
    const tree = new TreeView({ label: "The tree at that moment" });
    tree.render(model.root);
    const ended = model.find(crash.process.pid);
    if (ended) requestAnimationFrame(() => tree.select(ended));
    return h("div", "tree-frame", tree.element);
}

function draw(root: HTMLElement, crash: Crash): void {
    const messages = crash.messages.map((term) => h("li", "mono", termText(term)));
    const links = [
        crash.successor === null
            ? null
            : h(
                  "a",
                  { class: "button", attrs: { href: processUrl(crash.successor) } },
                  icon("stump"),
                  h("span", null, `What grew in its place: ${crash.successor}`),
              ),
        h(
            "a",
            {
                class: "button",
                attrs: { href: `/history?at=${crash.time_us}&before=${crash.process.pid}` },
            },
            icon("history"),
            h("span", null, "The moment before"),
        ),
    ];
    root.replaceChildren(
        h(
            "div",
            "crash-head",
            h("p", "crash-words", crash.words || (crash.reason?.text ?? "")),
            h("div", "button-group", ...links),
        ),
        h(
            "div",
            "cards process-cards",
            card("Process", factsOf(crash)),
            card(
                "Reason",
                crash.reason
                    ? h("pre", { class: "term", attrs: { tabindex: 0 } }, crash.reason.text)
                    : notice("It was reported, and the process went on."),
            ),
        ),
        card(
            "Report",
            crash.report
                ? h("pre", { class: "term", attrs: { tabindex: 0 } }, crash.report)
                : notice("Nothing was logged about it."),
        ),
        card(
            "State",
            crash.state
                ? h("pre", { class: "term", attrs: { tabindex: 0 } }, crash.state.text)
                : notice("The report tells none."),
        ),
        h(
            "div",
            "cards process-cards",
            card("Stack", crash.stacktrace.length ? frameList(crash.stacktrace) : notice("None.")),
            card(
                "Last messages",
                messages.length ? h("ol", "term-list", ...messages) : notice("None."),
            ),
        ),
        card("The tree at that moment", treeThen(crash)),
    );
}

export const crashPage: PageFn = (page) => {
    const number = page.params["number"]!;
    page.title(`Crash ${number}`);
    get<Crash>(`/api/crashes/${encodeURIComponent(number)}`, page.signal)
        .then((crash) => {
            page.title(`Crash ${number}`, nameOf(crash.process));
            draw(page.root, crash);
        })
        .catch((error: unknown) => {
            if (!page.signal.aborted) page.root.replaceChildren(notice(wordsOf(error), "bad"));
        });
    listen({}, page.signal);
};
