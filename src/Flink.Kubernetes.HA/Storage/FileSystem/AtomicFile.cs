namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Gives a temporary file its final name, durably and only if the name is unused.</summary>
internal sealed class AtomicFile(FileCall call, StorageFolders folders, DiskCalls disk)
{
    private const int MostTries = 100;

    public void Publish(string temporary)
    {
        call.Do(() => Name(temporary), FileEffect.Possible);

        // The file has its name: a failure from here on leaves it in place, but a power failure may undo it.
        call.Do(() => folders.FlushAbove(call.Path), FileEffect.Done);
    }

    private void Name(string temporary)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                disk.CreateFolder(Path.GetDirectoryName(call.Path)!);
                if (!disk.TryName(temporary, call.Path))
                {
                    throw call.Taken();
                }

                return;
            }
            catch (IOException exception) when (Errno.IsMissing(exception) && tries < MostTries && File.Exists(temporary))
            {
                // A concurrent delete of the last file in the folder has removed the folder as well: create it again.
            }
        }
    }
}
