# The second step finds the packages that the first one fetched
FROM mcr.microsoft.com/dotnet/sdk:8.0
WORKDIR /src
COPY app.csproj .
RUN dotnet restore
COPY . .
RUN dotnet publish --no-restore -c Release -o /out
