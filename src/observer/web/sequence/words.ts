// SPDX-License-Identifier: Apache-2.0
/* Messages of the OTP behaviours in short: call {:get, 1}, cast :flush, reply {:ok, 2}. */

/* The elements of a tuple's text, split at the commas that stand directly in it; null if the text
 * is no tuple. */
export function tupleParts(text: string): string[] | null {
    if (!text.startsWith("{") || !text.endsWith("}")) return null;
    const parts: string[] = [];
    let depth = 0;
    let quoted = "";
    let from = 1;
    for (let i = 1; i < text.length - 1; i++) {
        const c = text[i]!;
        if (quoted) {
            if (c === "\\") i++;
            else if (c === quoted) quoted = "";
        } else if (c === '"' || c === "'") {
            quoted = c;
        } else if ("{[(<".includes(c)) {
            depth++;
        } else if ("}])>".includes(c) && text[i - 1] !== "=" && text[i - 1] !== "-") {
            depth--;
        } else if (c === "," && depth === 0) {
            parts.push(text.slice(from, i).trim());
            from = i + 1;
        }
    }
    parts.push(text.slice(from, -1).trim());
    return parts;
}

export function messageWords(text: string): { verb: string; rest: string } {
    const parts = tupleParts(text);
    if (parts?.length === 3 && parts[0] === ':"$gen_call"')
        return { verb: "call", rest: parts[2]! };
    if (parts?.length === 2 && parts[0] === ':"$gen_cast"')
        return { verb: "cast", rest: parts[1]! };
    if (parts?.length === 2 && /^\[?(?::alias \| )?#Reference</.test(parts[0]!))
        return { verb: "reply", rest: parts[1]! };
    return { verb: "", rest: text };
}
