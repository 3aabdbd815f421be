/** What a browser withholds from a page on plain HTTP under another name than localhost, as this page needs it. */

/** A random UUID (RFC 9562, version 4). */
export function randomUuid(): `${string}-${string}-${string}-${string}-${string}` {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Fill what is missing. */
export function fillIn(): void {
  crypto.randomUUID ??= randomUuid;
}

/** Put a text on the clipboard; whether that went well. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is no clipboard, or it is refused: copy a selection, as one does by hand.
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    document.body.append(field);
    field.focus();
    field.select();
    const copied = document.execCommand?.("copy") ?? false;
    field.remove();
    return copied;
  }
}
