# escape=`
# Windows folders and a COPY that ends in a backslash
FROM mcr.microsoft.com/windows/nanoserver:ltsc2022
WORKDIR C:\app
WORKDIR data
COPY a.txt .\in\
CMD ["cmd", "/C", "dir"]
