/**
 * Photographs a running page for the docs: light and dark, desk and phone.
 *
 *   node scripts/screenshot.mjs --url http://127.0.0.1:8000 --out ../docs/pictures [--full]
 *
 * CHROMIUM names the browser (default /usr/bin/chromium). `--full` takes the whole page instead of
 * its first screen; `--language fr` the French one.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openBrowser, openPage } from "./browser.mjs";

const { values } = parseArgs({
    options: {
        url: { type: "string", default: "http://127.0.0.1:8000" },
        out: { type: "string" },
        full: { type: "boolean", default: false },
        language: { type: "string", default: "en" },
    },
});
if (values.out === undefined) {
    console.error("screenshot: --out FOLDER is missing");
    process.exit(2);
}

const SIZES = [
    ["desk", { width: 1280, height: 900 }],
    ["phone", { width: 390, height: 844 }],
];

await mkdir(values.out, { recursive: true });
const browser = await openBrowser();
try {
    for (const [size, viewport] of SIZES) {
        for (const colorScheme of ["light", "dark"]) {
            const { page, context } = await openPage(browser, values.url, {
                viewport,
                colorScheme,
                locale: values.language === "fr" ? "fr-CA" : "en-CA",
                deviceScaleFactor: size === "phone" ? 2 : 1,
            });
            const path = join(values.out, `${size}-${colorScheme}.png`);
            await page.screenshot({ path, fullPage: values.full });
            console.log(path);
            await context.close();
        }
    }
} finally {
    await browser.close();
}
