/** Tables as CSV (RFC 4180) that a spreadsheet opens without running anything in it. */

/** One cell. A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection). */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  let text = String(value);
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text) && !/^-?[\d.]+$/.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows under their names. */
export function csv(names: string[], rows: unknown[][]): string {
  return [names, ...rows]
    .map((row) => row.map(cell).join(","))
    .join("\r\n")
    .concat("\r\n");
}

/** Hands `text` to the person as a file. */
export function save(name: string, text: string, type = "text/csv;charset=utf-8"): void {
  const url = URL.createObjectURL(new Blob([type.startsWith("text/csv") ? `\ufeff${text}` : text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
