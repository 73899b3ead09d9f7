/**
 * The buyer's invoices as a web component, for any shop: plain JavaScript, nothing to build.
 *
 *   <script type="module" src="invoice-portal.js"></script>
 *   <invoice-portal src="https://sync.example.com/api/portal/shop" store="default"></invoice-portal>
 *   <script type="module">
 *     document.querySelector("invoice-portal").token = () => customerTokenOfTheShop();
 *   </script>
 *
 * `token`: a function that gives the customer's token of Commerce, or the one that the shop has
 * signed; it is asked anew before each request. Attributes: `src`, `store` (code of the store view),
 * `lang`, `texts` (JSON with texts of one's own), `orders` (shows orders that were not placed in the
 * shop too, where the portal lists them). Styled by CSS custom properties and `::part()`.
 */

const TEXTS = {
  title: "Your invoices", balance: "Balance", overdue: "overdue", number: "Number", date: "Date",
  due: "Due", amount: "Amount", open: "Open", status: "Status", all: "All", copy: "PDF",
  copyOf: "PDF of", details: "Details of", close: "Close", empty: "No documents.",
  more: "More", loading: "Loading…", failed: "Your invoices cannot be shown now.",
  signIn: "Sign in to see your invoices.", notAllowed: "Your role does not show invoices.",
  again: "Try again", item: "Item", quantity: "Quantity", price: "Price", settledBy: "Settled by",
  "open ": "open", "partly paid": "partly paid", paid: "paid", reversed: "reversed",
  unknown: "unknown", invoice: "Invoice", "credit note": "Credit note", payment: "Payment",
  tax: "Tax", delivery: "Delivery", orders: "Your other orders", order: "Order", reference: "Reference",
  Backorder: "open", Delivered: "delivered", Invoiced: "invoiced", Canceled: "cancelled",
};

const STYLE = `
  :host { display: block; font: inherit; color: inherit; }
  table { border-collapse: collapse; width: 100%; }
  th, td { padding: .5rem; text-align: start; border-bottom: 1px solid var(--portal-line, #8884); }
  .money { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
  button, select { font: inherit; min-height: 2.75rem; min-width: 2.75rem; }
  [data-status=overdue] { font-weight: bold; color: var(--portal-alert, #b00020); }
  dialog { max-width: min(60rem, 95vw); }
  @media (max-width: 40rem) {
    thead { position: absolute; clip-path: inset(50%); }
    tr { display: grid; grid-template-columns: 1fr auto; border-bottom: 2px solid #8884; }
    td { border: 0; padding: .25rem .5rem; }
    td[data-label]::before { content: attr(data-label) ": "; font-weight: bold; }
  }`;

const STATUSES = ["open", "overdue", "partly paid", "paid", "reversed"];

/** An element with attributes and children; text is never read as markup. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export class InvoicePortal extends HTMLElement {
  static observedAttributes = ["src", "store", "lang", "texts", "orders"];

  /** Gives the customer's token. */
  token = () => "";

  #root = this.attachShadow({ mode: "open" });
  #items = [];
  #page = 0;
  #total = 0;
  #status = "";
  #balances = [];
  #orders = [];
  #asked = 0;

  connectedCallback() {
    queueMicrotask(() => this.refresh());
  }

  attributeChangedCallback(_name, before) {
    if (this.isConnected && before !== null) this.refresh();
  }

  get #texts() {
    return { ...TEXTS, ...JSON.parse(this.getAttribute("texts") || "{}") };
  }

  #say(name) {
    return this.#texts[name] ?? name;
  }

  /** Ask for everything anew. */
  async refresh() {
    this.#items = [];
    this.#page = 0;
    await this.#load();
  }

  async #get(path) {
    const headers = { Authorization: `Bearer ${await this.token()}` };
    if (this.getAttribute("store")) headers.Store = this.getAttribute("store");
    const answer = await fetch(this.getAttribute("src").replace(/\/$/, "") + path, { headers });
    if (!answer.ok) throw Object.assign(new Error(String(answer.status)), { status: answer.status });
    return answer;
  }

  async #load() {
    const asked = ++this.#asked;
    this.#show(make("p", { role: "status" }, this.#say("loading")));
    try {
      const query = new URLSearchParams({ page: String(this.#page + 1) });
      if (this.#status) query.set("status", this.#status);
      const wanted = [this.#get(`/invoices?${query}`), this.#get("/balance")];
      if (this.hasAttribute("orders")) wanted.push(this.#get("/orders?page_size=100"));
      const [list, balance, orders] = await Promise.all(wanted.map(async (one) => (await one).json()));
      if (asked !== this.#asked) return;
      this.#orders = orders?.items ?? [];
      this.#items.push(...list.items);
      [this.#page, this.#total, this.#balances] = [list.page, list.total, balance.balances];
      this.#show(this.#head(), this.#list(), this.#more(), this.#others());
    } catch (error) {
      if (asked === this.#asked) this.#showFailure(error);
    }
  }

  #showFailure(error) {
    const said = { 401: "signIn", 403: "notAllowed" }[error.status] ?? "failed";
    const again = make("button", { type: "button", onclick: () => this.refresh() }, this.#say("again"));
    this.#show(make("p", { role: "alert" }, this.#say(said)), again);
  }

  #show(...children) {
    this.#root.replaceChildren(
      make("style", {}, STYLE),
      make("section", { "aria-labelledby": "title", part: "portal" },
        make("h2", { id: "title", part: "title" }, this.#say("title")),
        ...children.filter((child) => child !== null)),
    );
  }

  #head() {
    const balances = this.#balances.map((one) => {
      const overdue = Number(one.overdue) > 0 ? ` (${this.#money(one.overdue, one.currency)} ${this.#say("overdue")})` : "";
      return make("li", {}, `${this.#money(one.balance, one.currency)}${overdue}`);
    });
    const options = ["", ...STATUSES].map((one) =>
      make("option", { value: one, selected: one === this.#status }, this.#say(one || "all")));
    const select = make("select", { id: "status", onchange: (event) => {
      this.#status = event.target.value;
      this.refresh();
    } }, ...options);
    return make("div", { part: "head" },
      balances.length ? make("h3", {}, this.#say("balance")) : null,
      balances.length ? make("ul", {}, ...balances) : null,
      make("label", { for: "status" }, `${this.#say("status")} `), select);
  }

  #list() {
    if (!this.#items.length) return make("p", { role: "status" }, this.#say("empty"));
    const names = ["number", "date", "due", "amount", "open", "status"];
    const money = new Set(["amount", "open"]);
    const head = names.map((name) =>
      make("th", { scope: "col", class: money.has(name) ? "money" : null }, this.#say(name)));
    head.push(make("th", { scope: "col" }, this.#say("copy")));
    return make("table", { part: "list" }, make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...this.#items.map((one) => this.#row(one, names, money))));
  }

  #row(one, names, money) {
    const cells = names.map((name) => {
      const shown = { amount: () => this.#money(one.amount, one.currency),
        open: () => (one.open === null ? "–" : this.#money(one.open, one.currency)),
        date: () => this.#day(one.date), due: () => this.#day(one.due),
        status: () => this.#say(one.status), number: () => this.#opener(one) }[name]();
      return make("td", { "data-label": this.#say(name), class: money.has(name) ? "money" : null,
        "data-status": name === "status" ? one.status : null }, shown);
    });
    const copy = make("button", { type: "button", "aria-label": `${this.#say("copyOf")} ${one.number}`,
      onclick: () => this.#download(one) }, this.#say("copy"));
    return make("tr", {}, ...cells, make("td", {}, copy));
  }

  #opener(one) {
    return make("button", { type: "button", "aria-label": `${this.#say("details")} ${one.number}`,
      onclick: () => this.#open(one) }, one.number);
  }

  #more() {
    if (this.#items.length >= this.#total) return null;
    return make("button", { type: "button", part: "more", onclick: () => this.#load() }, this.#say("more"));
  }

  #others() {
    if (!this.#orders.length) return null;
    const names = ["order", "date", "reference", "status"];
    const rows = this.#orders.map((one) => {
      const cells = [one.number, this.#day(one.date), one.reference, this.#say(one.status)];
      return make("tr", {}, ...cells.map((cell, place) =>
        make("td", { "data-label": this.#say(names[place]) }, cell)));
    });
    const head = names.map((name) => make("th", { scope: "col" }, this.#say(name)));
    return make("section", { "aria-labelledby": "orders", part: "orders" },
      make("h3", { id: "orders" }, this.#say("orders")),
      make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
  }

  async #open(one) {
    const details = await (await this.#get(`/invoices/${one.id}`)).json();
    const rows = details.lines.map((line) => make("tr", {},
      make("td", {}, `${line.item} ${line.name}`.trim()),
      make("td", { class: "money" }, `${Number(line.quantity)} ${line.unit}`),
      make("td", { class: "money" }, this.#money(line.amount, one.currency))));
    const settled = details.settled_by.map((by) => make("li", {},
      `${this.#say(by.kind)} ${by.number} ${this.#day(by.date)} ${this.#money(by.amount, one.currency)}`));
    const dialog = make("dialog", { "aria-labelledby": "details" },
      make("h3", { id: "details" }, `${this.#say(one.kind)} ${one.number}`),
      make("table", {}, make("tbody", {}, ...rows)),
      ...this.#taxesAndDelivery(details, one.currency),
      settled.length ? make("h4", {}, this.#say("settledBy")) : null,
      settled.length ? make("ul", {}, ...settled) : null,
      make("form", { method: "dialog" }, make("button", { autofocus: true }, this.#say("close"))));
    dialog.addEventListener("close", () => dialog.remove());
    this.#root.append(dialog);
    dialog.showModal();
  }

  #taxesAndDelivery(details, currency) {
    const taxes = details.taxes.filter((tax) => Number(tax.tax)).map((tax) => make("li", {},
      `${tax.tax_group} ${tax.item_tax_group} ${this.#money(tax.tax, currency)}`.trim()));
    const { name, mode, terms, address, packing_slips: slips } = details.delivery;
    const parts = [name, ...address, mode, terms].filter(Boolean).map((text) => make("li", {}, text));
    parts.push(...slips.map((slip) =>
      make("li", {}, [slip.number, ...slip.tracking].join(" "))));
    return [["tax", taxes], ["delivery", parts]].flatMap(([title, items]) =>
      items.length ? [make("h4", {}, this.#say(title)), make("ul", {}, ...items)] : []);
  }

  async #download(one) {
    const file = URL.createObjectURL(await (await this.#get(`/invoices/${one.id}/pdf`)).blob());
    make("a", { href: file, download: `${one.number}.pdf` }).click();
    setTimeout(() => URL.revokeObjectURL(file), 60_000);
  }

  get #language() {
    return this.getAttribute("lang") || document.documentElement.lang || "en";
  }

  #money(amount, currency) {
    // The text has all digits; Intl reads it as a decimal, never as a float. Sen of a yen stay too.
    const shape = { style: "currency", currency };
    const told = String(amount).split(".")[1]?.replace(/0+$/, "").length ?? 0;
    const usual = new Intl.NumberFormat(this.#language, shape).resolvedOptions().minimumFractionDigits;
    if (told > usual) shape.minimumFractionDigits = Math.max(told, 2);
    return new Intl.NumberFormat(this.#language, shape).format(amount);
  }

  #day(text) {
    if (!text) return "";
    const [year, month, day] = text.split("-").map(Number);
    return new Intl.DateTimeFormat(this.#language, { dateStyle: "medium" }).format(new Date(year, month - 1, day));
  }
}

customElements.define("invoice-portal", InvoicePortal);
