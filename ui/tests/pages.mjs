/** Every page of the UI by name; the machine and the finding are taken from the API. */
export async function pages(page) {
  const read = (path) => page.evaluate(async (path) => (await fetch(`/api/v1${path}`)).json(), path);
  const items = (answer) => (Array.isArray(answer) ? answer : (answer.items ?? []));
  const machines = items(await read("/assets?limit=200"));
  const finding = items(await read("/findings?limit=1"))[0];
  const machine = machines.find((candidate) => candidate.role === "plc") ?? machines[0];
  const of = (tab) => (machine ? `/plant/${encodeURIComponent(machine.id)}${tab ? `?tab=${tab}` : ""}` : "/plant");
  return {
    now: "/now",
    findings: "/findings",
    finding: finding ? `/findings/${encodeURIComponent(finding.id)}` : "/findings",
    sight: "/sight",
    plant: "/plant",
    map: "/map",
    machine: of(""),
    connections: of("connections"),
    parts: of("parts"),
    programs: of("programs"),
    "machine-variables": of("variables"),
    "machine-acts": of("acts"),
    "machine-findings": of("findings"),
    edits: of("edits"),
    acts: "/explore",
    conversations: "/explore/conversations",
    variables: "/explore/variables",
    sql: "/explore/sql",
    account: "/settings",
    users: "/settings/users",
    tokens: "/settings/tokens",
    notifications: "/settings/notifications",
    system: "/settings/system",
    ledger: "/settings/ledger",
    about: "/settings/about",
  };
}
