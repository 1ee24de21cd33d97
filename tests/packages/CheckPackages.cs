#:property PublishAot=false
// Judges the packages of two builds of the same commit: tests/check-packages.sh calls it with their folders.
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;

string[] packages = ["Flink.Kubernetes.HA", "Flink.Kubernetes.HA.S3", "Flink.Kubernetes.HA.AzureBlob", "Flink.Kubernetes.HA.Testing"];
var sourceLink = new Guid("CC110556-A091-4D38-9FEC-25AB9A351A6A");
var failures = new List<string>();

foreach (var package in packages)
{
    var one = Read(args[0], package, "nupkg");
    Check(one.ContainsKey("README.md") && one["README.md"].Length > 1000, $"{package}: no README, or an empty one");
    Check(one.ContainsKey("LICENSE"), $"{package}: no LICENSE");
    Check(one.ContainsKey($"lib/net10.0/{package}.dll"), $"{package}: no assembly for net10.0");
    Check(one.ContainsKey($"lib/net10.0/{package}.xml"), $"{package}: no documentation");
    Check(one.Keys.Count(name => name.StartsWith("lib/", StringComparison.Ordinal)) == 2, $"{package}: unexpected files in lib");
    CheckManifest(package, one[$"{package}.nuspec"]);

    var symbols = Read(args[0], package, "snupkg");
    Check(symbols.ContainsKey($"lib/net10.0/{package}.pdb"), $"{package}: no symbols");
    CheckSymbols(package, symbols[$"lib/net10.0/{package}.pdb"]);

    foreach (var (extension, files) in new[] { ("nupkg", one), ("snupkg", symbols) })
    {
        var another = Read(args[1], package, extension);
        foreach (var name in files.Keys.Where(name => name.StartsWith("lib/", StringComparison.Ordinal)))
        {
            Check(another.TryGetValue(name, out var bytes) && bytes.AsSpan().SequenceEqual(files[name]), $"{package}: {name} is not the same in both builds");
        }
    }
}

foreach (var failure in failures)
{
    Console.Error.WriteLine($"check-packages: {failure}");
}

Console.WriteLine(failures.Count == 0 ? $"check-packages: {string.Join(" and ", packages)} are as they should be" : $"check-packages: {failures.Count} failures");
return failures.Count == 0 ? 0 : 1;

void Check(bool isRight, string failure)
{
    if (!isRight)
    {
        failures.Add(failure);
    }
}

static Dictionary<string, byte[]> Read(string folder, string package, string extension)
{
    // The version begins with a digit, which keeps the packages apart whose names begin alike.
    var path = Directory.GetFiles(folder, $"{package}.*.{extension}").Single(file => char.IsAsciiDigit(Path.GetFileName(file)[package.Length + 1]));
    using var archive = ZipFile.OpenRead(path);
    return archive.Entries.ToDictionary(entry => entry.FullName, entry =>
    {
        using var stream = entry.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    });
}

void CheckManifest(string package, byte[] manifest)
{
    var metadata = XDocument.Load(new MemoryStream(manifest)).Root!.Elements().First();
    string? Value(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
    Check(Value("license") == "Apache-2.0", $"{package}: the licence is '{Value("license")}'");
    Check(Value("readme") == "README.md", $"{package}: the manifest names no README");
    Check(Value("description") is { Length: > 40 }, $"{package}: no description");
    Check(Value("tags") is { Length: > 0 }, $"{package}: no tags");
    var repository = metadata.Elements().FirstOrDefault(element => element.Name.LocalName == "repository");
    Check(repository?.Attribute("commit")?.Value.Length == 40, $"{package}: the manifest names no commit");
    Check(repository?.Attribute("url")?.Value.Contains("github.com", StringComparison.Ordinal) == true, $"{package}: the manifest names no repository");
}

void CheckSymbols(string package, byte[] symbols)
{
    using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols));
    var reader = provider.GetMetadataReader();
    var links = reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation)
        .Where(information => reader.GetGuid(information.Kind) == sourceLink).Select(information => Encoding.UTF8.GetString(reader.GetBlobBytes(information.Value))).ToList();
    Check(links is [var link] && link.Contains("raw.githubusercontent.com", StringComparison.Ordinal), $"{package}: no source link in the symbols");
    var strays = reader.Documents.Select(document => reader.GetString(reader.GetDocument(document).Name)).Where(name => !name.StartsWith("/_", StringComparison.Ordinal)).ToList();
    Check(strays.Count == 0, $"{package}: the symbols name files of the building machine: {strays.FirstOrDefault()}");
}
