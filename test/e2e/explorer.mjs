// The Explorer as the tests name its parts: by role and name, as a person finds them.
export class Explorer {
  constructor(page) {
    this.page = page;
    this.search = page.getByRole("textbox", { name: /^(Search|検索)$/ });
    this.list = page.getByRole("grid");
    this.rows = page.locator('[role=row][aria-selected]');
    this.panel = page.getByRole("complementary", { name: "Event", exact: true });
    this.facets = page.getByRole("complementary", { name: "Facets" });
    this.count = page.getByRole("status").first();
  }

  /** run types a search and waits for its answers. */
  async run(text) {
    await this.search.fill(text);
    await this.settled(() => this.search.press("Enter"));
  }

  /** settled waits until what act sets off has been answered. */
  async settled(act) {
    await act();
    await this.page.waitForTimeout(80);
    await this.page.waitForLoadState("networkidle");
    await this.page.waitForFunction(() => !document.querySelector("[aria-busy=true],[data-dim=true]"));
  }

  /** total is the number of events that the toolbar tells. */
  async total() {
    await this.page.waitForFunction(() => /\d/.test(document.querySelector(".k-count")?.innerText ?? "") && !document.querySelector("[aria-busy=true],[data-dim=true]"));
    return Number(/[\d,]+/.exec(await this.count.innerText())[0].replaceAll(",", ""));
  }

  /** parameter is a parameter of the address; null when it is missing. */
  parameter(name) { return new URL(this.page.url()).searchParams.get(name); }
}
