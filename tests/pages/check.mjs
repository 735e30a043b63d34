// check.mjs PAGE...: opens finished pages as a reader's browser would.
//
// A page passes if it weighs at most 3 MB, asks for nothing but itself, holds
// no script, scrolls sideways at no width, has no dead link or anchor (also in
// other pages), and axe finds no barrier in it, in light and in dark.
import { createRequire } from 'node:module';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const heaviest = 3e6;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
               '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const whole = name => name === 'all.html'; // the book in one file, for print

let faults = 0;
function fault(page, what) {
    console.log(`${page}: ${what}`);
    faults++;
}

// What the document says of itself: ids, links, scripts, overflow.
function survey() {
    const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
    const links = [...document.querySelectorAll('[href], [src]')]
        .map(e => (e.getAttribute('href') ?? e.getAttribute('src')));
    for (const e of document.querySelectorAll('*'))
        for (const a of e.attributes)
            for (const m of a.value.matchAll(/url\(["']?(#[^)"']*)/g))
                links.push(m[1]);
    const scripts = [...document.querySelectorAll('*')].filter(e =>
        e.tagName.toLowerCase() === 'script' ||
        [...e.attributes].some(a => a.name.startsWith('on')))
        .map(e => e.outerHTML.slice(0, 80));
    return { ids, links, scripts };
}

function check_links(name, url, { ids, links }, idsOf) {
    const dead = new Set();
    for (const link of new Set(links)) {
        if (/^(https?|mailto|data):/.test(link))
            continue;
        const target = new URL(link, url);
        const fragment = decodeURIComponent(target.hash.slice(1));
        target.hash = '';
        if (target.protocol !== 'file:' || !existsSync(fileURLToPath(target)))
            dead.add(link);
        else if (fragment) {
            const there = target.href === url ? ids : idsOf[target.href];
            if (there && !there.includes(fragment))
                dead.add(link);
        }
    }
    for (const link of dead)
        fault(name, `leads nowhere: ${link}`);
}

async function check_access(name, page, scheme) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() =>
        axe.run(document, { resultTypes: ['violations'] }));
    for (const v of violations)
        fault(name, `${scheme}: ${v.id} (${v.impact}) in ${v.nodes.length} places: ` +
              v.nodes[0].html.slice(0, 120).replace(/\s+/g, ' '));
}

async function check_width(name, page, width) {
    await page.setViewportSize({ width, height: 800 });
    const over = await page.evaluate(() =>
        document.documentElement.scrollWidth - innerWidth);
    if (over > 0)
        fault(name, `scrolls sideways by ${over} px at a width of ${width} px`);
}

async function open(browser, url, colorScheme) {
    const name = basename(fileURLToPath(url));
    const page = await browser.newPage({ colorScheme, viewport: { width: 1440, height: 900 } });
    page.on('request', r => {
        if (!/^(file|data):/.test(r.url()))
            fault(name, `asks for ${r.url()}`);
    });
    page.on('console', m => {
        if (m.type() === 'error')
            fault(name, `browser: ${m.text()}`);
    });
    await page.goto(url);
    return page;
}

const urls = process.argv.slice(2).map(f => pathToFileURL(f).href);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
const said = {}, idsOf = {};
for (const url of urls) {
    const name = basename(fileURLToPath(url));
    const bytes = statSync(fileURLToPath(url)).size;
    if (bytes > heaviest && !whole(name))
        fault(name, `weighs ${(bytes / 1e6).toFixed(2)} MB`);
    for (const scheme of whole(name) ? ['light'] : ['light', 'dark']) {
        const page = await open(browser, url, scheme);
        if (scheme === 'light') {
            said[url] = await page.evaluate(survey);
            idsOf[url] = said[url].ids;
            for (const script of said[url].scripts)
                fault(name, `holds a script: ${script}`);
        }
        if (!whole(name))
            await check_access(name, page, scheme);
        for (const width of scheme === 'light' ? [1440, 1000, 768, 360] : [])
            await check_width(name, page, width);
        await page.close();
    }
}
await browser.close();
for (const url of urls)
    check_links(basename(fileURLToPath(url)), url, said[url], idsOf);
console.log(`${urls.length} pages seen, ${faults} faults`);
process.exit(faults || !urls.length ? 1 : 0);
