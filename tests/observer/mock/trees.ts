// SPDX-License-Identifier: Apache-2.0
/* What runs on the mock node: the key-value store of the seed, and a shop with a larger tree. */
import { type MockNode, type Proc, type Spec, us } from "./node";

/* The store: buckets under a dynamic supervisor, names in a registry, one_for_all above them. */
function addKv(node: MockNode): void {
    const start = (): Proc =>
        node.spawn(
            null,
            {
                name: "KV.Supervisor",
                module: "KV.Supervisor",
                type: "supervisor",
                strategy: "one_for_all",
                setup: (top) => {
                    const bucketSupervisor: Spec = {
                        name: "KV.BucketSupervisor",
                        module: "DynamicSupervisor",
                        type: "supervisor",
                        strategy: "dynamic",
                    };
                    node.spawn(top, bucketSupervisor, "kv");
                    node.spawn(top, { name: "KV.Registry", module: "KV.Registry" }, "kv");
                },
            },
            "kv",
        );
    node.apps.push({ name: "kv", description: "Key-value store", root: start(), start });
}

export function createBucket(node: MockNode, name: string): Proc {
    const buckets = node.byName("KV.BucketSupervisor")!;
    const registry = node.byName("KV.Registry")!;
    const bucket = node.spawn(
        buckets,
        { module: "KV.Bucket", id: null, restart: "temporary", value: "%{}" },
        "kv",
    );
    registry.monitors.add(bucket.pid);
    const names = registry.value.slice(2, -1);
    registry.value = `%{${names && `${names}, `}${JSON.stringify(name)} => #PID<${bucket.pid}>}`;
    node.message(null, registry.pid, `{:"$gen_cast", {:create, ${JSON.stringify(name)}}}`);
    node.message(
        registry.pid,
        buckets.pid,
        `{:"$gen_call", {#PID<${registry.pid}>, #Reference<0.1.2.3>}, {:start_child, KV.Bucket}}`,
    );
    return bucket;
}

const GATEWAYS = ["Visa", "Sepa", "Invoice"];

function addShop(node: MockNode): void {
    const worker = (name: string, more: Partial<Spec> = {}): Spec => ({
        name,
        module: name,
        value: `%{requests: 12, since: ~U[2026-11-21 10:00:00Z]}`,
        ...more,
    });
    const supervisor = (name: string, strategy: Spec["strategy"], children: Spec[]): Spec => ({
        name,
        module: name,
        type: "supervisor",
        ...(strategy ? { strategy } : {}),
        setup: (self) => {
            for (const child of children) node.spawn(self, child, "shop");
        },
    });
    const orders: Spec = {
        ...supervisor("Shop.OrderSupervisor", "dynamic", []),
        setup: (self) => {
            for (let i = 0; i < 14; i++) {
                const order = node.spawn(
                    self,
                    {
                        module: "Shop.Order",
                        id: null,
                        label: `order ${4711 + i}`,
                        restart: "temporary",
                        value: `%{id: ${4711 + i}, items: [%{sku: "A-${i}", n: ${1 + (i % 4)}}]}`,
                    },
                    "shop",
                );
                order.memory = 2048 + 512 * i;
            }
        },
    };
    const start = (): Proc =>
        node.spawn(
            null,
            supervisor("Shop.Supervisor", "rest_for_one", [
                worker("Shop.Repo"),
                supervisor("Shop.Web", "one_for_one", [
                    worker("Shop.Web.Listener"),
                    worker("Shop.Web.Sessions"),
                    worker("Shop.Web.Metrics"),
                ]),
                orders,
                {
                    ...supervisor(
                        "Shop.Payments",
                        "one_for_one",
                        GATEWAYS.map((name) => worker(`Shop.Payments.${name}`, { backoff: 8000 })),
                    ),
                    maxRestarts: 5,
                    maxSeconds: 60,
                },
                worker("Shop.Mailer"),
            ]),
            "shop",
        );
    node.apps.push({ name: "shop", description: "A shop with orders", root: start(), start });
    addShopDetails(node);
}

function addShopDetails(node: MockNode): void {
    const pidOf = (name: string): string => node.byName(name)!.pid;
    const listener = node.byName("Shop.Web.Listener")!;
    listener.monitors.add(pidOf("Shop.Web.Sessions"));
    node.byName("Shop.Mailer")!.queue = ['{:mail, "ann@example.org", :receipt}', ":flush"];
    const sessions = Array.from({ length: 4000 }, (_, i): [string, string] => [
        `"session-${String(i).padStart(5, "0")}"`,
        `%{user: ${1000 + i}, basket: [:a, ${i % 7}]}`,
    ]);
    node.tables.push(
        {
            id: "0.1.2.10",
            name: "Shop.Web.Sessions",
            named: true,
            protection: "protected",
            type: "set",
            owner: pidOf("Shop.Web.Sessions"),
            rows: () => sessions,
        },
        {
            id: "0.1.2.11",
            name: "Shop.Secrets",
            named: true,
            protection: "private",
            type: "set",
            owner: pidOf("Shop.Payments.Visa"),
            rows: () => [[":key", '"never shown"']],
        },
        {
            id: "0.1.2.12",
            name: "Shop.Prices",
            named: false,
            protection: "public",
            type: "ordered_set",
            owner: pidOf("Shop.Repo"),
            rows: () => [
                [":apple", "120"],
                [":pear", "95"],
                ['"<b>bold</b>"', "1"],
            ],
        },
    );
}

/* Logger and a library, as every node has them. */
function addKernel(node: MockNode): void {
    node.apps.push({ name: "kernel", description: "What every node has", root: null, start: null });
    const start = (): Proc =>
        node.spawn(
            null,
            {
                name: "Logger.Supervisor",
                module: "Logger.Supervisor",
                type: "supervisor",
                setup: (self) => {
                    node.spawn(self, { name: "Logger", module: "Logger" }, "logger");
                    node.spawn(
                        self,
                        { name: "Logger.Console", module: "Logger.Console" },
                        "logger",
                    );
                },
            },
            "logger",
        );
    node.apps.push({ name: "logger", description: "The log", root: start(), start });
}

export function addTrees(node: MockNode): void {
    addKernel(node);
    addShop(node);
    addKv(node);
    const registry = node.byName("KV.Registry")!;
    node.tables.push({
        id: "0.1.2.20",
        name: "KV.Registry",
        named: true,
        protection: "protected",
        type: "set",
        owner: registry.pid,
        rows: () =>
            [
                ...(node.byName("KV.Registry")?.value ?? "").matchAll(
                    /("[^"]*") => (#PID<[\d.]+>)/g,
                ),
            ].map(([, name, pid]) => [name!, pid!]),
    });
    node.logged("info", "Application kv started", registry.pid);
    node.logged("debug", "listening on 127.0.0.1:8080", node.byName("Shop.Web.Listener")!.pid);
}

/* Two servers that call each other, and a third that waits for one of them. */
export function makeCircle(node: MockNode): void {
    const pid = (name: string): string => node.byName(name)!.pid;
    const since = us();
    node.calls.push(
        { from: pid("Shop.Repo"), to: pid("Shop.Mailer"), request: "{:notify, 5}", since },
        { from: pid("Shop.Mailer"), to: pid("Shop.Repo"), request: "{:fetch, 5}", since },
        { from: pid("Shop.Web.Sessions"), to: pid("Shop.Repo"), request: ":list", since },
    );
}
