// SPDX-License-Identifier: Apache-2.0
/* What a viewer can do to a process: the entries of its menu, and the questions that they ask. */
import { post, processPath, wordsOf } from "../data/api";
import type { ProcessRef, Term } from "../data/types";
import { nameOf } from "./controls";
import { ask } from "./dialog";
import type { MenuItem, MenuItems } from "./menu";
import { processUrl } from "./page";
import { toast } from "./toast";

/* The place of a process in a tree, where it is known. */
export interface ChildOf {
    supervisor: string;
    /* Null for children of a dynamic supervisor. */
    id: string | null;
    running: boolean;
}

const REASONS = [":kill", ":normal", ":shutdown", "{:shutdown, :observer}"];

/* Does it and says so; the node's refusal is said too. */
async function act(done: string, work: () => Promise<unknown>): Promise<void> {
    try {
        await work();
        toast(done);
    } catch (error) {
        toast(wordsOf(error), "bad");
    }
}

export async function killProcess(process: ProcessRef, order: "kill" | "exit"): Promise<void> {
    const called = nameOf(process);
    const reason = await ask({
        title: order === "kill" ? `Kill ${called}?` : `Exit ${called}?`,
        text: `exit(#PID<${process.pid}>, reason). Its supervisor decides what grows back.`,
        label: "Reason",
        value: order === "kill" ? ":kill" : ":shutdown",
        offers: REASONS,
        confirm: order === "kill" ? "Kill" : "Exit",
        danger: true,
    });
    if (reason === null) return;
    await act(`Sent ${reason} to ${called}`, () =>
        post(processPath(process.pid, `/${order}`), { reason }),
    );
}

async function sendMessage(process: ProcessRef): Promise<void> {
    const called = nameOf(process);
    const message = await ask({
        title: `Send a message to ${called}`,
        text: "A term in Elixir syntax.",
        label: "Message",
        value: "",
        offers: [":hello", "{:hello, 1}", '%{key: "value"}'],
        confirm: "Send",
    });
    if (!message) return;
    await act(`Sent to ${called}`, () => post(processPath(process.pid, "/send"), { message }));
}

function suspendOrResume(process: ProcessRef, order: "suspend" | "resume"): void {
    const done = order === "suspend" ? "Suspended" : "Resumed";
    void act(`${done} ${nameOf(process)}`, () => post(processPath(process.pid, `/${order}`), {}));
}

async function trace(process: ProcessRef, go: (url: string) => void): Promise<void> {
    go(`/messages?pids=${encodeURIComponent(process.pid)}`);
}

async function orderChild(
    order: "restart_child" | "terminate_child",
    child: ChildOf,
    process: ProcessRef | null,
): Promise<void> {
    const called = process ? nameOf(process) : (child.id ?? "child");
    const restart = order === "restart_child";
    const which = child.id ?? `#PID<${process?.pid}>`;
    const yes = await ask({
        title: `${restart ? "Restart" : "Terminate"} ${called}?`,
        text: `Supervisor.${order}(#PID<${child.supervisor}>, ${which})`,
        confirm: restart ? "Restart" : "Terminate",
        danger: !restart,
    });
    if (yes === null) return;
    const body = child.id !== null ? { id: child.id } : { pid: process?.pid };
    const path = `/api/tree/${encodeURIComponent(child.supervisor)}/${order}`;
    try {
        const answer = await post<{ result?: Term }>(path, body);
        toast(answer.result ? `${called}: ${answer.result.text}` : `${called}: done`);
    } catch (error) {
        toast(wordsOf(error), "bad");
    }
}

function childItems(child: ChildOf, process: ProcessRef | null, locked: boolean): MenuItem[] {
    return [
        {
            label: "Restart child…",
            icon: "restart",
            disabled: locked || child.id === null || child.running,
            run: () => void orderChild("restart_child", child, process),
        },
        {
            label: "Terminate child…",
            icon: "close",
            danger: true,
            disabled: locked || !child.running,
            run: () => void orderChild("terminate_child", child, process),
        },
    ];
}

/* The menu of a process. `process` is null for a child that does not run. */
export function processMenu(
    process: ProcessRef | null,
    go: (url: string) => void,
    child: ChildOf | null = null,
    extra: readonly MenuItem[] = [],
): MenuItems {
    const locked = document.body.classList.contains("read-only");
    const items: (MenuItem | null)[] = [];
    if (process) {
        items.push(
            { label: "Process information", icon: "info", run: () => go(processUrl(process.pid)) },
            ...extra,
            { label: "Trace its messages", icon: "eye", run: () => void trace(process, go) },
            null,
            {
                label: "Kill…",
                icon: "kill",
                danger: true,
                disabled: locked,
                run: () => void killProcess(process, "kill"),
            },
            {
                label: "Exit with a reason…",
                icon: "close",
                danger: true,
                disabled: locked,
                run: () => void killProcess(process, "exit"),
            },
            null,
            {
                label: "Suspend",
                icon: "pause",
                disabled: locked,
                run: () => suspendOrResume(process, "suspend"),
            },
            {
                label: "Resume",
                icon: "play",
                disabled: locked,
                run: () => suspendOrResume(process, "resume"),
            },
            {
                label: "Send a message…",
                icon: "send",
                disabled: locked,
                run: () => void sendMessage(process),
            },
        );
    }
    if (child) items.push(...(process ? [null] : []), ...childItems(child, process, locked));
    return items;
}
