// Looks at the pages as people do: see `run` beside this file.
"use strict";
const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const { readFileSync, writeFileSync } = require("node:fs");
const { createInterface } = require("node:readline");
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const { SLUICE, TARGET } = process.env;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const WIDTHS = { phone: 390, tablet: 820, desk: 1280 };
const children = [];

// Starts a program that serves pages: where.
const served = async (...args) => {
  const child = spawn(SLUICE, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const at = line.match(/http:\/\/127\.0\.0\.1:\d+\//);
    if (at) {
      child.stdout.resume();
      return at[0];
    }
  }
  throw new Error(`${args.join(" ")} serves nothing`);
};

const recorded = async (scenario) => {
  const file = `${TARGET}/${scenario}.json`;
  const most = 64 * 1024 * 1024;
  writeFileSync(file, execFileSync(SLUICE, ["demo", "--headless", "--json", "--scenario", scenario], { maxBuffer: most }));
  return served("console", file, "--port", "0");
};

const until = async (page, words) => page.waitForFunction(
  (said) => document.getElementById("main").innerText.includes(said), { timeout: 120_000 }, words);

const deploymentsIn = async (page) => page.$$eval("a[href^='/deployments/']", (all) => [...new Set(all.map((one) => one.pathname))]);

let looked = 0;
// One page, in every width and colour: nothing for axe, nothing wider than the screen, nothing that the
// browser complains of.
const look = async (browser, name, url, status = 200) => {
  for (const [width, pixels] of Object.entries(WIDTHS)) {
    for (const colour of ["light", "dark"]) {
      const page = await browser.newPage();
      const complaints = [];
      page.on("console", (said) => said.type() === "error" && status === 200 && complaints.push(said.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: colour }]);
      await page.setViewport({ width: pixels, height: 900 });
      const answer = await page.goto(url, { waitUntil: "load" });
      assert.equal(answer.status(), status, url);
      const at = `${name}-${width}-${colour}`;
      await page.screenshot({ path: `${TARGET}/${at}.png`, fullPage: true });
      for (const part of await page.$$("details:not([open]) > summary")) await part.click();
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => axe.run());
      const found = violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).join(" ")}`);
      assert.deepEqual(found, [], at);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${at} is ${wide} pixels too wide`);
      assert.deepEqual(complaints, [], at);
      looked += 1;
      await page.close();
    }
  }
};

const keyboard = async (browser, url) => {
  const page = await browser.newPage();
  await page.goto(url);
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const inside = await page.evaluate(() => document.getElementById("main").contains(document.activeElement));
  assert.ok(inside, "the first stop behind the link is in the content");
  await page.close();
};

const withoutScript = async (browser, url) => {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.goto(url);
  const text = await page.$eval("main", (main) => main.textContent);
  assert.match(text, /All environments \(2\)/);
  await page.type("#matching", "staging");
  await Promise.all([page.waitForNavigation(), page.click("form button")]);
  const found = await page.$eval("main", (main) => main.textContent);
  assert.match(found, /All environments \(1\)/);
  await page.close();
};

// What was opened and where one is stay, while the words change and no page is loaded again.
const renewed = async (browser) => {
  const url = await served("demo", "--headless", "--console=0", "--speed", "200");
  const page = await browser.newPage();
  await page.goto(`${url}environments/erp/production`);
  await page.click("#commands > summary");
  await page.focus("#commands > summary");
  await page.evaluate(() => { window.stays = true; });
  const before = await page.$eval("main", (main) => main.textContent);
  assert.doesNotMatch(before, /Succeeded/);
  await until(page, "Succeeded");
  const [open, focused, stays] = await page.evaluate(() => [
    document.getElementById("commands").open, document.activeElement.tagName, window.stays]);
  assert.deepEqual([open, focused, stays], [true, "SUMMARY", true]);
  const live = await page.$eval("#live", (one) => one.textContent);
  assert.match(live, /renews itself every 1 s\. Stop renewing/);
  await page.click("#live button");
  assert.match(await page.$eval("#live", (one) => one.textContent), /not renewed/);
  for (const [name, path] of [["demo-first", ""], ["demo-environment", "environments/erp/production"],
    ["demo-history", "history"], ["demo-figures", "figures"]]) await look(browser, name, url + path);
  await page.goto(url);
  for (const path of (await deploymentsIn(page)).slice(0, 1)) await look(browser, "demo-deployment", new URL(path, url).href);
  await look(browser, "demo-nothing", `${url}nothing`, 404);
  await keyboard(browser, url);
  await withoutScript(browser, url);
};

(async () => {
  const browser = await puppeteer.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    await renewed(browser);
    for (const scenario of ["canary-errors", "database-restored", "unverified"]) {
      const url = await recorded(scenario);
      const page = await browser.newPage();
      await page.goto(url);
      const paths = await deploymentsIn(page);
      await look(browser, scenario, url);
      await look(browser, `${scenario}-deployment`, new URL(paths[0], url).href);
    }
    console.log(`${looked} pages looked at, in widths of ${Object.values(WIDTHS).join(", ")} pixels, light and dark: axe-core finds nothing. Pictures: target/pages`);
  } finally {
    children.forEach((child) => child.kill());
    await browser.close();
  }
})().catch((error) => {
  console.error(error.message ?? error);
  process.exitCode = 1;
});
