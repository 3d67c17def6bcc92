/**
 * The page as a person meets it, against a running node.
 *
 *   npm run e2e -- --url http://127.0.0.1:8000
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parseArgs } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import { openBrowser, openPage } from "../scripts/browser.mjs";

const { values } = parseArgs({
    options: { url: { type: "string", default: "http://127.0.0.1:8000" } },
});
const DESK = { viewport: { width: 1280, height: 900 } };
const NARROW = { viewport: { width: 360, height: 800 } };

let browser;
before(async () => {
    browser = await openBrowser();
});
after(async () => {
    await browser.close();
});

const open = (options) => openPage(browser, values.url, options);

async function status() {
    const answer = await fetch(new URL("/api/v1/status", values.url));
    assert.equal(answer.status, 200);
    return answer.json();
}

test("loads without a complaint from the browser", async () => {
    const { context, complaints } = await open(DESK);
    assert.deepEqual(complaints, []);
    await context.close();
});

test("says whose community it is and what is simulated", async () => {
    const { page, context } = await open(DESK);
    const { community, simulated } = await status();
    assert.equal(await page.locator("h1").innerText(), community);
    if (simulated) assert.ok(await page.locator(".badge-simulated").isVisible());
    await context.close();
});

test("shows a power above zero, or says that nothing has been settled yet", async () => {
    const { page, context } = await open(DESK);
    const figures = await page.locator(".figures dd").allInnerTexts();
    assert.equal(figures.length, 5);
    const some = figures.some((figure) => Number.parseFloat(figure) > 0);
    assert.ok(some || (await page.locator(".empty").count()) > 0, figures.join(", "));
    await context.close();
});

for (const colorScheme of ["light", "dark"]) {
    for (const [size, options] of Object.entries({ desk: DESK, narrow: NARROW })) {
        test(`has no accessibility violation: ${size}, ${colorScheme}`, async () => {
            const { page, context } = await open({ ...options, colorScheme });
            for (const summary of await page.locator("details > summary").all())
                await summary.click();
            const { violations } = await new AxeBuilder({ page })
                .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"])
                .analyze();
            const found = violations.map(
                ({ id, impact, nodes }) =>
                    `${impact} ${id}: ${nodes.map((node) => node.target).join(" ")}`,
            );
            assert.deepEqual(found, []);
            await context.close();
        });
    }
}

test("needs no sideways scrolling at 360 px", async () => {
    const { page, context } = await open(NARROW);
    const wider = await page.evaluate(() => {
        const { clientWidth, scrollWidth } = document.documentElement;
        return scrollWidth - clientWidth;
    });
    assert.equal(wider, 0);
    await context.close();
});

test("works by keyboard: the skip link, then another home and the day before", async () => {
    const { page, context, complaints } = await open(DESK);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
    const select = page.locator(".panel-home select");
    if ((await select.count()) > 0) {
        await select.focus();
        const first = await select.inputValue();
        await page.keyboard.press("ArrowDown");
        assert.notEqual(await select.inputValue(), first);
        const day = page.locator(".date-step time");
        const today = await day.getAttribute("datetime");
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        assert.ok((await day.getAttribute("datetime")) < today);
        // A day without readings may answer 404, which the browser itself calls an error.
        assert.deepEqual(
            complaints.filter((complaint) => !complaint.includes("404")),
            [],
        );
    }
    await context.close();
});

test("speaks French when asked to, and remembers", async () => {
    const { page, context } = await open(DESK);
    await page.getByRole("button", { name: "Français" }).click();
    assert.equal(await page.locator("html").getAttribute("lang"), "fr");
    await page.reload();
    assert.equal(await page.locator("html").getAttribute("lang"), "fr");
    await context.close();
});
