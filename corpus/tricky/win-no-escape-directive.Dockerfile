# Without the directive the backslash at the end joins the next line to COPY
FROM mcr.microsoft.com/windows/nanoserver:ltsc2022
COPY a.txt c:\
RUN dir c:\windows
USER ContainerUser
