// SPDX-License-Identifier: Apache-2.0
/* Starts a mock node with its server, and takes the orders of the tests under /mock/. */
import { churn, fill } from "./life";
import { MockNode } from "./node";
import { MockServer } from "./server";
import { addTrees, createBucket, makeCircle } from "./trees";

export interface Mock {
    address: string;
    node: MockNode;
    close: () => void;
}

/* The few expressions that the tests type into the console. */
function evaluate(node: MockNode, text: string): void {
    const create = /^KV\.Registry\.create\(KV\.Registry, "(.*)"\)$/.exec(text);
    const log = /^Logger\.(\w+)\("(.*)"\)$/.exec(text);
    if (create) createBucket(node, create[1]!);
    else if (log) node.logged(log[1]!, log[2]!, null);
    else throw new Error(`the mock cannot evaluate ${text}`);
}

export async function startMock(dist: string, port = 0): Promise<Mock> {
    const node = new MockNode();
    addTrees(node);
    let stopChurn = (): void => {};
    const server = new MockServer(node, dist, (path, body) => {
        if (path === "/mock/eval") evaluate(node, String(body["text"]));
        else if (path === "/mock/circle") makeCircle(node);
        else if (path === "/mock/fill") fill(node, Number(body["processes"]));
        else if (path === "/mock/churn") {
            stopChurn();
            stopChurn = churn(node, Number(body["per_second"]));
        } else if (path === "/mock/message") {
            const { from, to, text } = body as Record<string, string>;
            node.message(from ?? null, to!, text!);
        } else if (path === "/mock/log") {
            const { level, text } = body as Record<string, string>;
            node.logged(level!, text!, null);
        } else if (path === "/mock/spawn") {
            const parent = node.byName(String(body["under"]))!;
            const { name, label } = body as { name?: string; label?: string };
            const proc = node.spawn(
                parent,
                {
                    ...(name ? { name } : {}),
                    ...(label ? { label } : {}),
                    module: "Guest",
                    id: null,
                    restart: "temporary",
                },
                parent.application,
            );
            return { pid: proc.pid };
        }
        return undefined;
    });
    const address = await server.listen(port);
    const close = (): void => {
        stopChurn();
        server.close();
    };
    return { address, node, close };
}
