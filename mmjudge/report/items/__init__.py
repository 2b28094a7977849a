"""All items of runs in a page: a list with filters beside one item with all that was said of it.

    browser = item_browser(judges, out, preset={"agreement": ["disagree"], "judge": ["a", "b"]})
    try:
        page = template.render(browser=browser, policy=browser.policy(style + browser.style), ...)
        place_page(out, page, browser)
    finally:
        browser.discard()

In the template, `<style>{{ style }}{{ browser.style }}</style>` with `policy` as its content
security policy, `{{ browser.markup }}` where the browser shall be, and `{{ browser.end }}` before
`</body>`. What the markup holds in `<noscript>` or beside it is up to the page.
"""

from mmjudge.report.items.browser import (
    Browser,
    View,
    files_of,
    item_browser,
    place_page,
    still_policy,
    view_link,
)

__all__ = ["Browser", "View", "files_of", "item_browser", "place_page", "still_policy", "view_link"]
