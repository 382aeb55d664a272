// Looks at the pages of the example as a browser does: look.mjs ORIGIN SCREENSHOTS PID_OF_THE_SERVICE
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.MODULES + "/x.js");
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [origin, screenshots, service] = process.argv.slice(2);

let passed = 0;
let failed = 0;
function check(name, problems) {
  if (problems.length === 0) passed += 1;
  else failed += 1;
  console.log(`${problems.length === 0 ? "ok" : "not ok"} - ${name}`);
  for (const problem of problems) console.log("  " + problem);
}

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
});

// A page and what its console complains of.
async function open(path, { width = 1280, height = 900, scheme = "light" } = {}) {
  const page = await browser.newPage();
  await page.setCacheEnabled(false);
  page.complaints = [];
  page.bytes = 0;
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
  page.on("response", async (response) => {
    page.bytes += (await response.buffer().catch(() => "")).length;
  });
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  page.answer = await page.goto(origin + path, { waitUntil: "load" });
  return page;
}

async function barriers(page) {
  await page.setBypassCSP(true);
  await page.reload({ waitUntil: "load" });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

// Every page in both languages, both colour schemes, on a desktop and on a phone; not each with each.
const VIEWS = {
  en: [["light", "desktop", 1280, 900], ["dark", "phone", 390, 844]],
  zh: [["dark", "desktop", 1280, 900], ["light", "phone", 390, 844]],
};
async function look(name, path, status = 200) {
  for (const lang of ["en", "zh"]) {
    const problems = [];
    for (const [scheme, device, width, height] of VIEWS[lang]) {
      const page = await open(path + (path.includes("?") ? "&" : "?") + "lang=" + lang, { width, height, scheme });
      problems.push(...page.complaints.filter((text) => status === 200 || !text.includes(`status of ${status}`)));
      if (page.answer.status() !== status) problems.push(`status ${page.answer.status()}`);
      if (page.bytes > 50000) problems.push(`${page.bytes} bytes`);
      const shot = `${screenshots}/${name}-${lang}-${scheme}-${device}.png`;
      await page.screenshot({ path: shot, fullPage: true });
      problems.push(...(await barriers(page)));
      await page.close();
    }
    check(`${name}, ${lang}: nothing refused, under 50 KB, no barrier that axe knows`, problems);
  }
  const wide = [];
  const page = await open(path);
  for (const width of [320, 390, 768, 1024, 1280, 1920]) {
    await page.setViewport({ width, height: 900 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) wide.push(`${width} px: ${over} px too wide`);
  }
  await page.close();
  check(`${name}: no horizontal bar from 320 to 1,920 px`, wide);
}

// The keyboard reaches whatever can be used, in the order of the document, and shows where it is.
async function walk(path) {
  const page = await open(path);
  const total = await page.evaluate(() => {
    window.all = [...document.querySelectorAll("a, select, input:not([type=hidden]), button, [tabindex]")];
    return window.all.length;
  });
  const problems = [];
  for (let index = 0; index < total; index += 1) {
    await page.keyboard.press("Tab");
    const [at, outline] = await page.evaluate(() => [
      window.all.indexOf(document.activeElement),
      getComputedStyle(document.activeElement).outlineStyle,
    ]);
    if (at !== index) problems.push(`key ${index + 1} leads to element ${at}`);
    if (outline === "none") problems.push(`element ${at} does not show that it has the focus`);
  }
  await page.close();
  check(`${path}: the keyboard reaches all ${total} elements in order`, problems);
}

// What is chosen in a select box, and whatever may be chosen, fits into it.
async function fits(path) {
  const cut = [];
  for (const width of [320, 390, 1024, 1280]) {
    const page = await open(path, { width });
    const found = await page.evaluate(() =>
      [...document.querySelectorAll("select")].flatMap((box) => {
        const style = getComputedStyle(box);
        const pen = document.createElement("canvas").getContext("2d");
        pen.font = style.font;
        const arrow = 20;
        const room = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
        return [...box.options].filter((option) => pen.measureText(option.text).width > room).map((option) => option.text);
      }),
    );
    cut.push(...found.map((text) => `${width} px: ${text}`));
    await page.close();
  }
  check(`${path}: no option is cut`, cut);
}

await fits("/?lang=en");
await fits("/?lang=zh");
await look("list", "/");
await look("private", "/?source=private");
await look("search", "/?text=ubuntu&platform=Ubuntu&sort=name");
await look("empty", "/?text=nothing+has+this");
await look("wrong", "/?region=cn-north-9", 400);
await look("image", "/image/img-9ha1rgelkq?text=centos");
await look("missing", "/image/img-0000000000", 404);
await walk("/");
await walk("/image/img-9ha1rgelkq");

const page = await open("/");
await page.focus("input[type=search]");
await page.keyboard.type("centos");
await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
const names = await page.$$eval("li h2", (list) => list.map((name) => name.textContent));
check("a search by keyboard", names.length > 0 ? names.filter((name) => !/centos/i.test(name)) : ["nothing found"]);
await Promise.all([page.waitForNavigation(), page.click("li h2 a")]);
await Promise.all([page.waitForNavigation(), page.click("main a")]);
check("back keeps the search", page.url().includes("text=centos") ? [] : [page.url()]);
await page.close();

process.kill(Number(service), "SIGTERM");
await new Promise((resolve) => setTimeout(resolve, 3000));
// The first visit starts the refresh that fails; from then on the pages say so.
for (const path of ["/", "/image/img-9ha1rgelkq"]) {
  let notice = null;
  for (let turn = 0; !notice && turn < 20; turn += 1) {
    const page = await open(path);
    notice = await page.$(".notice");
    await page.close();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  check(`${path}: says that the service is down`, notice ? [] : ["no notice"]);
}
await look("stale", "/");
await look("stale-image", "/image/img-9ha1rgelkq");
await look("down", "/?region=cn-east-1", 502);
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
