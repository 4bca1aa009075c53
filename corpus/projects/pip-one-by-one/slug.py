"""Print the slug of the words given."""
import sys

from slugify import slugify


def main(words):
    print("slug:", slugify(" ".join(words)))


if __name__ == "__main__":
    main(sys.argv[1:])
