// SPDX-License-Identifier: Apache-2.0
/* Questions to the node and orders to it: docs/api-http.md. */
import type { Session } from "./types";

export class ApiError extends Error {
    constructor(
        readonly status: number,
        readonly kind: string,
        message: string,
    ) {
        super(message);
    }
}

let session: Promise<Session> | null = null;

async function failure(response: Response): Promise<ApiError> {
    try {
        const body = (await response.json()) as { error: { kind: string; message: string } };
        return new ApiError(response.status, body.error.kind, body.error.message);
    } catch {
        return new ApiError(response.status, "internal", `${response.status} without a reason`);
    }
}

/* GET path; rejects with an ApiError, or as fetch does when the node cannot be reached. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const response = await fetch(path, { cache: "no-store", signal: signal ?? null });
    if (!response.ok) throw await failure(response);
    return (await response.json()) as T;
}

/* Who answers, and the token for changes; asked once, and anew after a failure. */
export function getSession(): Promise<Session> {
    session ??= get<Session>("/api/session").catch((error: unknown) => {
        session = null;
        throw error;
    });
    return session;
}

/* Forgets the session: the node may be another one when it is back. */
export function forgetSession(): void {
    session = null;
}

async function send(path: string, body: object): Promise<Response> {
    const { token } = await getSession();
    return fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Observer-Token": token },
        body: JSON.stringify(body),
    });
}

/* POST path. A token of a node that has been started anew meanwhile is fetched once more. */
export async function post<T = { ok: true }>(path: string, body: object): Promise<T> {
    let response = await send(path, body);
    if (response.status === 403) {
        const error = await failure(response);
        if (error.kind !== "bad_token") throw error;
        forgetSession();
        response = await send(path, body);
    }
    if (!response.ok) throw await failure(response);
    return (await response.json()) as T;
}

/* A path with parameters, those that are empty left out. */
export function withQuery(path: string, query: Record<string, string | number | null>): string {
    const params = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) {
        if (value !== null && value !== "") params.set(key, String(value));
    }
    const text = params.toString();
    return text ? `${path}?${text}` : path;
}

export function processPath(pid: string, rest = ""): string {
    return `/api/processes/${encodeURIComponent(pid)}${rest}`;
}

/* What went wrong, in words for the viewer. */
export function wordsOf(error: unknown): string {
    if (error instanceof ApiError) return error.message;
    return "the node does not answer";
}
