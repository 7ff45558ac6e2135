// SPDX-License-Identifier: Apache-2.0
/* Makes things happen on the mock node: a few at a time to look at, or very many. */
import type { MockNode, Proc } from "./node";
import { createBucket } from "./trees";

const temporary = (node: MockNode, parent: Proc, module: string): Proc =>
    node.spawn(parent, { module, id: null, restart: "temporary" }, parent.application);

/* Starts and ends processes under a dynamic supervisor; 1000 a second are 500 of each. Returns
 * what stops it. */
export function churn(node: MockNode, perSecond: number): () => void {
    const parent = node.byName("KV.BucketSupervisor");
    if (!parent || perSecond === 0) return () => {};
    const step = 20;
    let owed = 0;
    const living: Proc[] = [];
    const timer = setInterval(() => {
        owed += (perSecond * step) / 1000;
        for (; owed >= 2; owed -= 2) {
            living.push(temporary(node, parent, "KV.Bucket"));
            const oldest = living.length > 150 ? living.shift() : undefined;
            if (oldest) node.terminateChild(parent.pid, oldest.pid);
        }
    }, step);
    return () => clearInterval(timer);
}

/* Starts so many processes at once. */
export function fill(node: MockNode, processes: number): void {
    const parent = node.byName("KV.BucketSupervisor")!;
    for (let i = 0; i < processes; i++) temporary(node, parent, "KV.Bucket");
}

/* Some life for the eye: work, messages, a new bucket now and then, a crash. */
export function liven(node: MockNode): void {
    let turn = 0;
    const names = "apples pears plums sloes hazel ash elder rowan".split(" ");
    const order = (): void => {
        const orders = node.byName("Shop.OrderSupervisor");
        if (!orders) return;
        if (orders.children.length > 20) node.crash(orders.children[0]!.pid, ":shutdown");
        const label = `order ${5000 + turn}`;
        node.spawn(orders, { module: "Shop.Order", id: null, label, restart: "temporary" }, "shop");
    };
    setInterval(() => {
        turn++;
        for (const proc of node.procs.values()) {
            proc.seen = proc.reductions;
            proc.reductions += (Number(proc.pid.split(".")[1]) * 7919 * turn) % 900;
        }
        const pid = (name: string): string | null => node.byName(name)?.pid ?? null;
        const [web, repo, mailer] = [
            pid("Shop.Web.Sessions"),
            pid("Shop.Repo"),
            pid("Shop.Mailer"),
        ];
        if (web && repo && mailer) {
            node.message(
                web,
                repo,
                `{:"$gen_call", {#PID<${web}>, #Reference<0.1.2.${turn}>}, {:get, ${turn}}}`,
            );
            node.message(
                repo,
                web,
                `{#Reference<0.1.2.${turn}>, {:ok, %{id: ${turn}, price: 120}}}`,
            );
            if (turn % 3 === 0)
                node.message(repo, mailer, `{:"$gen_cast", {:mail, "ann@example.org"}}`);
            node.logged(
                turn % 9 === 0 ? "warning" : "info",
                `GET /basket/${turn} 200 in ${3 + (turn % 5)} ms`,
                web,
            );
        }
        if (turn % 2 === 0) order();
        if (turn % 4 === 0) createBucket(node, names[(turn / 4) % names.length]!);
        if (turn % 12 === 7) {
            const visa = pid("Shop.Payments.Visa");
            if (visa) node.crash(visa, "{:badmatch, {:error, :timeout}}");
        }
        if (turn % 40 === 20) {
            const registry = pid("KV.Registry");
            if (registry) node.crash(registry, '%RuntimeError{message: "no such bucket"}');
        }
    }, 900);
}
