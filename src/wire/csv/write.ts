/** A row of CSV as spreadsheets read it. Must stay true: no field runs as a formula where the table is opened. */
export const csvLine = (fields: readonly string[]): string => `${fields.map(quoted).join(",")}\r\n`;

function quoted(field: string): string {
  const inert = /^[=+\-@\t\r\0]/.test(field) && !/^-\d+$/.test(field) ? `'${field}` : field;
  return `"${inert.replaceAll('"', '""')}"`;
}
