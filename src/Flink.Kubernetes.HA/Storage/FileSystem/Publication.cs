namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Gives a file that lies aside its name, for good and only where the name is free.</summary>
internal sealed class Publication(FileCall call, StorageFolders folders, DiskCalls disk)
{
    private const int MostTries = 100;

    public void Publish(string temporary)
    {
        call.Do(() => Name(temporary), FileEffect.Possible);

        // The file has its name: whatever fails from here on leaves it there, but perhaps not after a power cut.
        call.Do(() => folders.FlushAbove(call.Path), FileEffect.Done);
    }

    private void Name(string temporary)
    {
        for (var tries = 1; ; tries++)
        {
            disk.CreateFolder(Path.GetDirectoryName(call.Path)!);
            try
            {
                if (!disk.TryName(temporary, call.Path))
                {
                    throw call.Taken();
                }

                return;
            }
            catch (IOException exception) when (exception.HResult == Errno.NoEntry && tries < MostTries && File.Exists(temporary))
            {
                // Whoever deleted the last file of the folder has taken the folder away too.
            }
        }
    }
}
