"""A page as a browser would take it apart: its elements, their attributes, its text."""

from collections import Counter
from html.parser import HTMLParser


class Page(HTMLParser):
    """Tags with attributes in order, and the text outside of style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.style = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def counts(self) -> Counter[str]:
        return Counter(tag for tag, _ in self.tags)

    def values(self, *names: str) -> list[str]:
        """Values of attributes of these names."""
        return [v or "" for _, attrs in self.tags for name, v in attrs.items() if name in names]
