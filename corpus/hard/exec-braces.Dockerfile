# Braces, brackets and question marks are expanded by some shells
FROM fedora:41
CMD serve {a,b}.conf [x]?
