/** The browser that the screenshots and the end-to-end test share; it asks nobody but the page. */
import { chromium } from "playwright-core";

const QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

export const openBrowser = () =>
    chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: QUIET,
    });

/** A page at `url` once its first answers are shown, with every complaint it made on the way. */
export async function openPage(browser, url, options) {
    const context = await browser.newContext({ locale: "en-CA", ...options });
    const page = await context.newPage();
    const complaints = [];
    page.on("console", (message) => {
        if (message.type() === "error") complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => complaints.push(`page: ${error.message}`));
    page.on("requestfailed", (request) => {
        const why = request.failure()?.errorText ?? "";
        if (why !== "net::ERR_ABORTED") complaints.push(`request: ${request.url()} ${why}`);
    });
    await page.goto(url, { waitUntil: "load" });
    await page.waitForSelector('main[data-ready="true"]', { timeout: 30_000 });
    // The charts are drawn and the first stream messages are in.
    await page.waitForTimeout(1_500);
    return { page, context, complaints };
}
